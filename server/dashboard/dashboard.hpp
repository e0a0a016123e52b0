#pragma once

#include "server/http/router.hpp"

namespace loopscope::dashboard {

/// GET / and the files that it loads, below /dashboard/. Adds nothing when the dashboard was not built in:
/// missing() says why.
void add_routes(http::router& to);

}  // namespace loopscope::dashboard
