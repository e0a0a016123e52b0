// SPDX-License-Identifier: MIT

#pragma once

#include "server/http/router.hpp"
#include "server/monitor/loop_watch.hpp"
#include "server/runs/run_service.hpp"

namespace loopscope::routes {

/// The data plane's routes, one function and one file a route. Everything given by reference outlives the router.

/// GET /hello: what a blocked loop is noticed by.
void add_hello(http::router& to);
/// GET /healthz: answered by the I/O thread on purpose; a blocked loop fails it.
void add_healthz(http::router& to);
/// GET /methods: what there is to compare, and which back end `io=auto` is.
void add_methods(http::router& to, const runs::run_service& service);
/// GET, POST /write: one run on the loop that took the request, which `watch` monitors; the report when it has
/// finished.
void add_write(http::router& to, runs::run_service& service, const monitor::loop_watch& watch, bool allow_cross_site);
/// GET /openapi.json: the description of all of this.
void add_openapi(http::router& to, const runs::run_limits& limits);

}  // namespace loopscope::routes
