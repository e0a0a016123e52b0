// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>
#include <time.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "event_queue.hpp"
#include "loop_thread.hpp"
#include "scheduler_clock.hpp"
#include "server/monitor/loop_watch.hpp"
#include "watched_thread.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

enum class thread_state : std::uint8_t {
  waiting,   ///< asleep in the loop's own wait for events or handlers
  runnable,  ///< on a CPU or in a run queue
  asleep,    ///< asleep elsewhere
  stopped,   ///< by a signal or a debugger; only seen of another process
  unknown,   ///< the kernel does not report it
};

/// The state of a loop's thread at one time.
struct thread_sample {
  /// Read before everything else.
  std::chrono::steady_clock::time_point time{};
  thread_state state = thread_state::unknown;
  /// How long the thread has not been on a CPU; 0 when it is on one. Not for the state waiting. nullopt when it was
  /// not read (thread_sampler::not_running_for) or the kernel does not report it.
  std::optional<std::chrono::nanoseconds> not_running_for;
  std::chrono::nanoseconds cpu{0};
  std::optional<std::chrono::nanoseconds> run_queue;
  /// How often the thread has come onto a CPU.
  std::optional<std::uint64_t> wakeups;
  std::optional<system::syscall_line> call;
  /// Of a thread with a seat; 0 for others. With a counted run loop, a turn is one handler.
  std::uint64_t turn = 0;
  bool counted = false;
  /// When the thread of a counted run loop began to wait for events, in the present turn.
  std::optional<loop_thread::wait_begin> wait;
  /// When the handler that runs now began, if that is known.
  std::optional<std::chrono::steady_clock::time_point> turn_start;
};

/// Reads what the kernel reports about one thread of a loop, without the thread's help.
///
/// While the loop's event queue is not known, a wait for events is the loop's own at the shallowest stack pointer at
/// which the thread was seen in one. A deeper one is in a handler, as in a nested run(). Threads: constructed and used
/// on the watchdog only. Lifetime: refers to the event queue. Safe after the thread has ended; sample() then returns
/// nullopt. Source: proc(5), Documentation/scheduler/sched-stats.rst of the kernel.
class thread_sampler {
 public:
  thread_sampler(const watched_thread& thread, const memory_range& scheduler, event_queue& events);

  const watched_thread& thread() const noexcept { return thread_; }
  std::optional<thread_sample> sample();

  /// How long the thread of this fresh sample has not been on a CPU. Costs as much as the sample itself.
  std::optional<std::chrono::nanoseconds> not_running_for(const thread_sample& sample, scheduler_clock& clock) const;

  bool knows_scheduler() const noexcept { return scheduler_.end != 0; }

  /// How often the thread has gone to sleep. Costs more than a sample.
  std::optional<std::uint64_t> voluntary_switches() const;

  bool knows_event_queue() const noexcept { return events_.is_known(); }
  /// A probe has run on the thread. prompt: so soon after the post that it may have woken the thread. When it does that
  /// several times in a row, a deep wait for events is the loop's own.
  void on_beat(bool prompt) noexcept;

 private:
  thread_state state_of(const system::syscall_line& call);
  bool is_stopped_by_this_process() const;
  thread_state state_of_other_process(const std::optional<system::syscall_line>& call) const;

  watched_thread thread_;
  std::optional<clockid_t> cpu_clock_;  ///< of a thread of this process
  memory_range scheduler_;
  event_queue& events_;
  std::uint64_t idle_stack_pointer_ = 0;
  std::uint64_t last_wait_stack_pointer_ = 0;
  int prompt_beats_ = 0;
  system::proc_file schedstat_;
  system::proc_file syscall_;
  system::proc_file sched_;
  system::proc_file stat_;
  system::proc_file status_;
};

}  // namespace loopscope::monitor
