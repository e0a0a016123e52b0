// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <string>

namespace loopscope::monitor {

/// A thread of this process or of another one.
struct watched_thread {
  pid_t pid = 0;
  pid_t tid = 0;

  /// Its folder in procfs, without a slash at the end.
  std::string folder() const { return "/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid); }
};

}  // namespace loopscope::monitor
