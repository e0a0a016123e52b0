#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "loop_thread.hpp"

namespace loopscope::monitor {

/// Decides, look by look, when to post a probe, when a loop is stalled and when it is not any more.
///
/// Deadlines lie a fixed interval apart. At each the watchdog looks at the loop's thread; a probe (an empty
/// handler) is posted unless one is outstanding already. A loop that is asleep in its wait for events needs
/// no probe to be known as alive, and is probed at one deadline of five. A busy loop is probed between
/// deadlines too, to know better when a handler began that blocks it; such probes tell time of life but no
/// lag. Lag counts from the deadline, so it contains the lateness of the watchdog itself. Threads: none of
/// its own; the owner serialises. Time: injected.
class stall_tracker {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::nanoseconds;

  struct lag_sample {
    duration lag{0};
    /// Deadlines before it at which the loop was left alone, and what a probe would have found there.
    std::uint64_t idle_deadlines = 0;
    duration idle_lag{0};
  };
  struct span {
    time_point start{};
    time_point end{};
  };
  struct answer {
    time_point at{};
    duration cpu{0};
  };
  struct answered_outcome {
    std::optional<lag_sample> lag;
    std::optional<span> stall;
    /// The stall was not seen while it lasted.
    bool found_late = false;
  };
  struct look_outcome {
    bool post = false;
    bool began = false;
    bool sample = false;
    /// A deadline was due; busy tells whether the loop was found at work.
    bool at_deadline = false;
    bool busy = false;
  };
  /// The thread's totals when the present stall began.
  struct totals {
    duration cpu{0};
    std::optional<duration> run_queue;
  };

  stall_tracker(duration threshold, duration interval, time_point first_deadline);

  /// The outstanding probe ran. Call it before look() when both are due.
  answered_outcome answered(const answer& probe, std::optional<duration> run_queue);
  look_outcome look(const sighting& seen);

  /// Whether to ask, before look(), for how long the thread has not been on a CPU.
  bool wants_away_for(const sighting& seen) const;
  /// A stall may be about to be declared: the time to ask whether the loop still runs.
  bool suspects(time_point now) const;
  /// The loop's thread has ended or left run(); an open stall is over.
  std::optional<span> stopped(time_point now);

  time_point next_look(time_point now) const;

  bool running() const noexcept { return running_; }
  bool stalled() const noexcept { return stalled_; }
  /// Since when the loop has shown no life, while a probe is outstanding.
  std::optional<time_point> blocked_since() const;
  /// When the stall that was last found began.
  time_point stall_start() const noexcept { return blocked_since_; }
  /// The first deadline that the outstanding probe stands for.
  std::optional<time_point> lag_since() const;
  const totals& baseline() const noexcept { return baseline_; }

 private:
  void alive(time_point at, duration cpu, std::optional<duration> run_queue, bool usual);
  void post(const sighting& seen);
  time_point stall_due() const;
  bool confirms(time_point now, std::optional<duration> run_queue, duration queued_now) const;

  duration threshold_;
  duration interval_;
  time_point next_deadline_;

  bool running_ = false;
  bool outstanding_ = false;
  bool stalled_ = false;
  bool busy_ = false;
  time_point alive_at_{};
  totals alive_totals_;
  double usual_busy_ = 0;

  time_point posted_at_{};
  std::optional<duration> queue_at_post_;
  time_point blocked_since_{};
  totals baseline_;
  duration next_sample_{0};

  std::optional<time_point> lag_since_;
  std::uint64_t idle_deadlines_ = 0;
  duration idle_lag_{0};
};

}  // namespace loopscope::monitor
