#pragma once

#include <sys/types.h>
#include <time.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "scheduler_clock.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

enum class thread_state : std::uint8_t {
  waiting,   ///< asleep in the wait for events, as the thread of an idle loop is
  runnable,  ///< on a CPU or in a run queue
  asleep,    ///< asleep elsewhere
  unknown,   ///< the kernel does not report it
};

/// The state of a loop's thread at one time.
struct thread_sample {
  std::chrono::steady_clock::time_point time{};
  thread_state state = thread_state::unknown;
  /// How long the thread has not been on a CPU; 0 when it is on one. Not for the state waiting. nullopt when it was
  /// not read (thread_sampler::not_running_for) or the kernel does not report it.
  std::optional<std::chrono::nanoseconds> not_running_for;
  std::chrono::nanoseconds cpu{0};
  std::optional<std::chrono::nanoseconds> run_queue;
  std::optional<system::syscall_line> call;
};

/// Reads what the kernel reports about one thread of this process, without the thread's help.
///
/// Threads: constructed and used on the watchdog only. Lifetime: safe after the thread has ended; sample() then returns
/// nullopt. Source: proc(5), Documentation/scheduler/sched-stats.rst of the kernel.
class thread_sampler {
 public:
  thread_sampler(pid_t tid, clockid_t cpu_clock);

  pid_t tid() const noexcept { return tid_; }
  std::optional<thread_sample> sample(std::chrono::steady_clock::time_point now) const;

  /// How long the thread of this fresh sample has not been on a CPU. Costs as much as the sample itself.
  std::optional<std::chrono::nanoseconds> not_running_for(const thread_sample& sample, scheduler_clock& clock) const;

 private:
  pid_t tid_;
  clockid_t cpu_clock_;
  system::proc_file schedstat_;
  system::proc_file syscall_;
  system::proc_file sched_;
  system::proc_file stat_;
};

}  // namespace loopscope::monitor
