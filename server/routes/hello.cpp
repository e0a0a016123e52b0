// SPDX-License-Identifier: MIT

#include "routes.hpp"

namespace loopscope::routes {

void add_hello(http::router& to) {
  to.fixed("/hello", http::response::text("hello\n"));
}

}  // namespace loopscope::routes
