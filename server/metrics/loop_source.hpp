// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/monitor/loop_watch.hpp"

namespace loopscope::metrics {

/// A loop that metrics and the admin plane show.
struct loop_source {
  std::string name;
  std::shared_ptr<const monitor::loop_watch> watch;
  std::optional<pid_t> pid{};  ///< of its process; nullopt for a loop of this process
};

/// Returns the loops that exist now. Threads: any.
using loop_list = std::function<std::vector<loop_source>()>;

/// For a monitor that outlives every copy.
inline std::shared_ptr<const monitor::loop_watch> not_owned(const monitor::loop_watch& watch) {
  return {std::shared_ptr<void>{}, &watch};
}

}  // namespace loopscope::metrics
