#pragma once

#include <sys/types.h>
#include <time.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "scheduler_clock.hpp"
#include "stall_record.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

enum class thread_state : std::uint8_t {
  waiting,   ///< asleep in the wait for events, where an idle loop is
  runnable,  ///< on a CPU or in a run queue
  asleep,    ///< asleep elsewhere
  unknown,   ///< the kernel does not tell
};

/// One look of the watchdog at a loop's thread.
struct sighting {
  std::chrono::steady_clock::time_point now{};
  thread_state state = thread_state::unknown;
  /// In another state than waiting: not on a CPU for this long, 0 when it is on one; nullopt where nobody asked
  /// (loop_thread::away_for) or the kernel does not tell.
  std::optional<std::chrono::nanoseconds> away_for;
  std::chrono::nanoseconds cpu{0};
  std::optional<std::chrono::nanoseconds> run_queue;
  std::optional<system::syscall_line> call;
};

/// What the kernel tells about one thread of this process, read without its help.
///
/// Threads: made and used on the watchdog only. Lifetime: safe after the thread has ended; look() is then
/// nullopt. Source: proc(5), Documentation/scheduler/sched-stats.rst of the kernel.
class loop_thread {
 public:
  loop_thread(pid_t tid, clockid_t cpu_clock);

  pid_t tid() const noexcept { return tid_; }
  std::optional<sighting> look(std::chrono::steady_clock::time_point now) const;

  /// For how long the thread seen just now has not been on a CPU. Costs as much as the whole look.
  std::optional<std::chrono::nanoseconds> away_for(const sighting& seen, scheduler_clock& clock) const;

  /// The call as a record shows it, with the file behind its descriptor.
  std::optional<blocked_call> describe(const system::syscall_line& call) const;

  /// Why no signal should be sent to the thread now; empty when one may.
  std::string obstacle_to_signal(int signal) const;

 private:
  std::string folder() const;

  pid_t tid_;
  clockid_t cpu_clock_;
  system::proc_file schedstat_;
  system::proc_file syscall_;
  system::proc_file sched_;
  system::proc_file stat_;
};

}  // namespace loopscope::monitor
