#pragma once

#include <string>

#include "server/monitor/loop_watch.hpp"

namespace loopscope::metrics {

/// A loop that metrics and the admin plane show. Lifetime: the monitor outlives every copy.
struct loop_source {
  std::string name;
  const monitor::loop_watch& watch;
};

}  // namespace loopscope::metrics
