// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// A thread of this process that sleeps in a futex or in a wait for events.
struct waiting_thread {
  pid_t tid = 0;
  system::syscall_line call;
};

/// The first `max_threads` threads of the process are looked at: some microseconds each. Threads: any. Source: proc(5).
std::vector<waiting_thread> find_waiting_threads(std::size_t max_threads);

/// The thread sleeps on a condition variable, not in the lock of a mutex beside it. glibc's wait for a condition has a
/// bit set, its lock has none. False where the C library does not do so; probes find such threads one by one.
bool is_condition_wait(const system::syscall_line& call) noexcept;

}  // namespace loopscope::monitor
