#pragma once

#include <memory>

#include "event_feed.hpp"
#include "event_sampler.hpp"
#include "server/http/router.hpp"
#include "sources.hpp"

namespace loopscope::admin {

/// The admin plane's endpoints, one function and one file each. Everything given by reference outlives the
/// router.

/// GET /endpoints: what there is to ask for. GET /: the dashboard, or the same text when it is not built in.
void add_index(http::router& to);
/// GET /livez: the process is alive, whatever its loops do.
void add_livez(http::router& to);
/// GET /readyz: 503 while a loop is stalled beyond the threshold, the data directory cannot be used, or the service
/// shuts down; ?verbose lists the checks.
void add_readyz(http::router& to, const sources& of);
/// GET /stalls: recent stalls of all loops, the newest first; ?id=N only those of that id.
void add_stalls(http::router& to, const sources& of);
/// GET /loop: lag and busy figures.
void add_loop(http::router& to, const sources& of, const event_sampler& sampler);
/// GET /runs: running and finished writes.
void add_runs(http::router& to, const sources& of);
/// GET /events: server-sent events, a sample every 100 ms.
void add_events(http::router& to, std::shared_ptr<event_feed> feed);
/// GET /metrics: the Prometheus text format.
void add_metrics(http::router& to, const sources& of);
/// GET /info: version, configuration, back ends and why.
void add_info(http::router& to, const sources& of);

}  // namespace loopscope::admin
