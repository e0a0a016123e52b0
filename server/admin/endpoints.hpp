// SPDX-License-Identifier: MIT

#pragma once

#include <memory>

#include "event_feed.hpp"
#include "event_sampler.hpp"
#include "server/http/router.hpp"
#include "sources.hpp"
#include "writers/io_pool.hpp"

namespace loopscope::admin {

/// Adds every endpoint of the admin plane. All are read-only, and none waits for a watched loop or for a disk; the
/// relay, which is off unless `source` has it, passes on writes and waits for the loop that serves them.
///
/// To add an endpoint: one handler and one row in endpoints.cpp. To add a value to a response: json.cpp. To add a value
/// to the samples of /events: sample.hpp. To add a metric: server/metrics/service_metrics.hpp.
///
/// `pool`: for reading kernel files; it is not the pool of the writes, which may be busy.
/// Lifetime: `source`, `sampler` and `pool` outlive the router.
void add_routes(http::router& router, const sources& source, const event_sampler& sampler,
                std::shared_ptr<event_feed> feed, writers::io_pool& pool);

}  // namespace loopscope::admin
