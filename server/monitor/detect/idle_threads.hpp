#pragma once

#include <sys/types.h>

#include <vector>

#include "server/monitor/loop_watch.hpp"

namespace loopscope::monitor {

/// The threads of this process that sleep in the condition variable of this scheduler, so that they run its loop. The
/// first `max_threads` threads of the process are looked at: some microseconds each. Threads: any. Source: proc(5).
std::vector<pid_t> find_idle_threads(const memory_range& scheduler, std::size_t max_threads);

}  // namespace loopscope::monitor
