#pragma once

#include <string_view>

#include "observer.hpp"
#include "router.hpp"

namespace loopscope::http {

/// What is to be done with a request: run or send `serve`, or else send `answer`.
struct dispatch_plan {
  const route* serve = nullptr;
  response answer;
  std::string_view route_name = observer::other_route;
};

dispatch_plan plan_dispatch(const router& routes, const request& asked);

}  // namespace loopscope::http
