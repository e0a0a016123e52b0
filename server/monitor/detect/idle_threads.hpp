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

}  // namespace loopscope::monitor
