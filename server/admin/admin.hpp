#pragma once

#include <memory>

#include "event_feed.hpp"
#include "event_sampler.hpp"
#include "server/http/router.hpp"
#include "sources.hpp"

namespace loopscope::admin {

/// Everything that the admin plane answers. Read-only; no handler waits for a watched loop or for a disk.
///
/// Lifetime: `of` and `sampler` outlive the router.
void add_routes(http::router& to, const sources& of, const event_sampler& sampler, std::shared_ptr<event_feed> feed);

}  // namespace loopscope::admin
