#pragma once

#include <cstdint>
#include <optional>

#include "server/monitor/detect/watched_thread.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// Where a thread sleeps. Two equal readings prove that it has not run in between, so that whatever was read of its
/// stack meanwhile belongs together.
struct sleep_state {
  system::syscall_line call;
  std::uint64_t switches = 0;  ///< how often it has left a CPU

  bool operator==(const sleep_state&) const = default;
};

/// Returns nullopt when the thread runs, has ended or cannot be seen.
std::optional<sleep_state> read_sleep_state(const watched_thread& thread);

}  // namespace loopscope::monitor
