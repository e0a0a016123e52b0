#pragma once

#include <chrono>

namespace loopscope::writers {

/// CPU time used so far by the whole process and by the calling thread.
///
/// Units: nanoseconds of CPU. Threads: any; two system calls that do not block.
/// Source: getrusage(2) RUSAGE_SELF, clock_gettime(2) CLOCK_THREAD_CPUTIME_ID.
struct cpu_time {
  std::chrono::nanoseconds process_user{};
  std::chrono::nanoseconds process_system{};
  std::chrono::nanoseconds this_thread{};

  static cpu_time now() noexcept;
  cpu_time since(const cpu_time& start) const noexcept {
    return {process_user - start.process_user, process_system - start.process_system, this_thread - start.this_thread};
  }
};

}  // namespace loopscope::writers
