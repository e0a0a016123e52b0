// SPDX-License-Identifier: MIT

#include "routes.hpp"

namespace loopscope::routes {

void add_healthz(http::router& to) {
  to.fixed("/healthz", http::response::text("ok\n"));
}

}  // namespace loopscope::routes
