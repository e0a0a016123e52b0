#pragma once

#include <string>

#include "server/monitor/loop_watch.hpp"

namespace loopscope::metrics {

/// A loop that is shown. Lifetime: the monitor outlives whoever was given this.
struct loop_source {
  std::string name;
  const monitor::loop_watch& watch;
};

}  // namespace loopscope::metrics
