#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "thread_sampler.hpp"

namespace loopscope::monitor {

/// Decides when to post a probe, when a loop is stalled and when it no longer is.
///
/// Deadlines are a fixed interval apart. At each deadline the watchdog samples the loop's thread and posts a probe (an
/// empty handler), unless one is outstanding. A loop that sleeps in its wait for events is known to be alive without a
/// probe, and gets one at every fifth deadline. A busy loop is also probed between deadlines, to know more exactly when
/// a blocking handler began; these probes show that the loop is alive but measure no lag. Lag counts from the deadline,
/// so it includes the lateness of the watchdog itself.
/// Threads: none of its own; the owner serializes calls. Time: injected.
class stall_tracker {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::nanoseconds;

  struct lag_sample {
    duration lag{0};
    /// The deadlines before it at which the idle loop got no probe.
    std::uint64_t idle_deadlines = 0;
    /// The lag that probes would have had at those deadlines.
    duration idle_lag{0};
  };
  struct time_span {
    time_point start{};
    time_point end{};
  };
  /// When the probe ran, and the CPU time of the loop's thread then.
  struct beat {
    time_point time{};
    duration cpu{0};
  };
  struct beat_outcome {
    std::optional<lag_sample> lag;
    /// A stall has ended.
    std::optional<time_span> stall;
    /// The stall was not found while it lasted.
    bool found_late = false;
  };
  struct sample_outcome {
    bool post_probe = false;
    /// A stall was found.
    bool stall_began = false;
    bool take_stack = false;
    /// A deadline was due.
    bool at_deadline = false;
    /// The loop was not waiting for events.
    bool busy = false;
  };
  /// The thread's totals when the current stall began.
  struct thread_totals {
    duration cpu{0};
    std::optional<duration> run_queue;
  };

  stall_tracker(duration threshold, duration interval, time_point first_deadline);

  /// The outstanding probe has run. Call it before on_sample() when both are due.
  beat_outcome on_beat(const beat& latest, std::optional<duration> run_queue);
  sample_outcome on_sample(const thread_sample& sample);
  /// The loop's thread has ended or left run(). Returns the stall that this ends.
  std::optional<time_span> on_loop_stopped(time_point now);

  /// Whether the caller should read thread_sample::not_running_for before on_sample().
  bool needs_not_running_for(const thread_sample& sample) const;
  /// A stall may be found by the next sample, so the caller should check whether the loop still runs.
  bool is_stall_suspected(time_point now) const;

  time_point next_check(time_point now) const;

  bool running() const noexcept { return running_; }
  /// Since when the loop has shown no sign of life, while a probe is outstanding.
  std::optional<time_point> blocked_since() const;
  /// The start of the stall that was found last.
  time_point stall_start() const noexcept { return blocked_since_; }
  /// The first deadline that the outstanding probe stands for.
  std::optional<time_point> lag_since() const;
  const thread_totals& totals_at_start() const noexcept { return totals_at_start_; }

 private:
  void mark_alive(time_point now, duration cpu, std::optional<duration> run_queue, bool is_usual_work);
  void on_probe_posted(const thread_sample& sample);
  time_point stall_due() const;
  bool is_stall_confirmed(time_point now, std::optional<duration> run_queue, duration uncounted_wait) const;

  duration threshold_;
  duration interval_;
  time_point next_deadline_;

  bool running_ = false;
  bool probe_outstanding_ = false;
  bool stalled_ = false;
  bool busy_ = false;
  time_point alive_at_{};
  thread_totals alive_totals_;
  double usual_busy_ = 0;

  time_point posted_at_{};
  std::optional<duration> run_queue_at_post_;
  time_point blocked_since_{};
  thread_totals totals_at_start_;
  duration next_stack_{0};

  std::optional<time_point> lag_since_;
  std::uint64_t idle_deadlines_ = 0;
  duration idle_lag_{0};
};

}  // namespace loopscope::monitor
