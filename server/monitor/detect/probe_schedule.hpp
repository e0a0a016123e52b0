// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace loopscope::monitor {

/// Decides when a probe (an empty handler) is posted to a loop, and what its lag is.
///
/// Deadlines are a fixed interval apart. At each deadline a probe is posted, unless one is outstanding. A loop with a
/// thread that waits for events is known to be alive without a probe, and gets one at every fifth deadline. A busy loop
/// is also probed between deadlines; these probes show that it is alive but measure no lag. Lag counts from the
/// deadline; if the loop was idle then, from the post, so that a late watchdog is not the loop's lag.
/// Threads: none of its own; the owner serializes calls. Time: injected.
class probe_schedule {
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
  struct decision {
    bool post = false;
    /// A deadline was due.
    bool at_deadline = false;
  };

  probe_schedule(duration interval, time_point first_deadline);

  /// running: a thread is known to run the loop. idle: such a thread waits for events.
  decision on_check(time_point now, bool running, bool idle);
  /// The probe was posted before now.
  void on_posted(time_point now);
  /// The outstanding probe has run. running: the loop was known to run before.
  std::optional<lag_sample> on_beat(time_point beat, bool running);
  /// The probe could not be posted.
  void on_post_failed() noexcept;

  bool is_outstanding() const noexcept { return outstanding_; }
  /// When the outstanding probe was posted.
  std::optional<time_point> posted_at() const;
  /// The first deadline that the outstanding probe stands for.
  std::optional<time_point> lag_since() const;
  time_point next_deadline() const noexcept { return next_deadline_; }

 private:
  duration interval_;
  time_point next_deadline_;
  bool outstanding_ = false;
  bool idle_at_post_ = false;
  time_point posted_at_{};
  std::optional<time_point> lag_since_;
  std::uint64_t idle_deadlines_ = 0;
  duration idle_lag_{0};
};

}  // namespace loopscope::monitor
