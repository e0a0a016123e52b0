// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "thread_sampler.hpp"

namespace loopscope::monitor {

/// Decides when a thread of a loop is stalled, since when, and when it no longer is.
///
/// A thread is alive when a probe has run on it, when its counted run loop has ended a turn, and while it waits for
/// events. From the first sample that shows something else it is suspected; a suspicion that no sign of life ends
/// becomes a stall. Threads: none of its own; the owner serializes calls. Time: injected.
class stall_tracker {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::nanoseconds;

  struct time_span {
    time_point start{};
    time_point end{};
  };
  /// When a probe ran or a turn ended, and the CPU time of the thread then.
  struct beat {
    time_point time{};
    duration cpu{0};
  };
  struct ended {
    /// A stall has ended.
    std::optional<time_span> stall;
    /// The stall was not found while it lasted.
    bool found_late = false;
  };
  struct sample_outcome {
    /// A suspicion began: the loop should be probed.
    bool suspicion_began = false;
    /// A stall was found.
    bool stall_began = false;
    bool take_stack = false;
    ended end;
  };
  /// The thread's totals when the current stall began.
  struct thread_totals {
    duration cpu{0};
    std::optional<duration> run_queue;
  };

  explicit stall_tracker(duration threshold) : threshold_(threshold) {}

  /// A probe has run on the thread, or a turn has ended. Call it before on_sample() when both are due. is_proof: what
  /// happened since the last sign of life was one handler, or a queue of them. start: when the turn began.
  ended on_beat(const beat& latest, std::optional<duration> run_queue, bool is_proof = true,
                std::optional<time_point> start = {});
  /// The thread has ended a handler since `earliest`, at an unknown time before this sample.
  ended on_progress(const thread_sample& sample, time_point earliest);
  /// is_proof: what the sample shows cannot be many short handlers.
  sample_outcome on_sample(const thread_sample& sample, bool is_proof);
  /// The probe that a suspicion asked for was posted. What happened to the watchdog before it is no observation.
  void on_probe_posted(time_point now);
  /// A suspicion that is no stall yet is not known to have begun before that.
  void set_earliest_start(time_point earliest) noexcept;
  /// The loop no longer runs on the thread. Returns the stall that this ends.
  std::optional<time_span> on_loop_stopped(time_point now);

  /// Whether the caller should read thread_sample::not_running_for before on_sample().
  bool needs_not_running_for(const thread_sample& sample) const;
  /// A stall may be found by the next sample, so the caller should check whether the loop still runs.
  bool is_stall_suspected(time_point now) const;
  bool is_suspected() const noexcept { return suspected_; }
  bool is_stalled() const noexcept { return stalled_; }

  /// Share of the time before the suspicion in which the thread ran or waited for a CPU.
  double usual_busy() const noexcept { return usual_busy_; }

  time_point next_check(time_point now) const;

  bool running() const noexcept { return running_; }
  /// Since when the thread has shown no sign of life, while it is suspected.
  std::optional<time_point> blocked_since() const;
  /// The start of the stall that was found last.
  time_point stall_start() const noexcept { return blocked_since_; }
  const thread_totals& totals_at_start() const noexcept { return totals_at_start_; }

 private:
  void mark_alive(time_point now, duration cpu, std::optional<duration> run_queue, bool is_usual_work);
  void suspect(const thread_sample& sample);
  bool has_slept_before(const thread_sample& sample, duration cpu, duration queued) const;
  void on_new_turn(const thread_sample& sample);
  time_point stall_due() const;
  bool is_stall_confirmed(time_point now, std::optional<duration> run_queue, duration uncounted_wait) const;

  duration threshold_;

  bool running_ = false;
  bool suspected_ = false;
  bool stalled_ = false;
  bool busy_ = false;
  std::uint64_t turn_ = 0;
  std::optional<std::uint64_t> wakeups_;  ///< at the last sample that showed the thread waiting
  time_point alive_at_{};
  thread_totals alive_totals_;
  double usual_busy_ = 0;

  time_point suspected_at_{};
  std::optional<duration> run_queue_at_suspicion_;
  duration blocked_at_suspicion_{0};
  bool start_is_known_ = false;
  time_point blocked_since_{};
  thread_totals totals_at_start_;
  duration next_stack_{0};
};

}  // namespace loopscope::monitor
