#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

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

/// What is needed to unwind a sleeping thread later, when it may have gone on.
struct sleeping_stack {
  watched_thread thread;
  sleep_state state;
  /// From the stack pointer on, at most 128 KiB.
  std::vector<std::byte> content;
};

/// Returns nullptr when the thread does not sleep, or in another call than `seen`. Bounded work: it reads five small
/// files and copies the stack.
std::shared_ptr<const sleeping_stack> copy_sleeping_stack(const watched_thread& thread,
                                                          const std::optional<system::syscall_line>& seen = {});

}  // namespace loopscope::monitor
