#pragma once

#include <chrono>
#include <utility>

#include "limits.hpp"
#include "types.hpp"

namespace loopscope::http {

/// What a connection is doing; each phase has its own time-out.
enum class phase { idle, head, body, handling, writing, streaming, lingering, closed };

const char* to_string(phase what);

/// time_point::max() for a phase without one: how long a handler takes is its own affair.
time_point deadline_of(phase what, const limits& bounds, time_point now);

std::chrono::milliseconds sweep_period(const limits& bounds);

/// When a passed deadline counts.
///
/// After a handler has blocked the loop, deadlines have passed for clients whose bytes wait in the kernel. So
/// a sweep that comes late expires nothing, and a connection must be overdue in two sweeps that count,
/// between which the loop has read what there was. A loop that is late all the time still expires every
/// `patience`-th time.
class sweep_policy {
 public:
  explicit sweep_policy(std::chrono::milliseconds period) noexcept : period_(period) {}

  void start(time_point now) noexcept { due_ = now + period_; }
  /// Does this sweep count? Also schedules the next.
  bool tick(time_point now) noexcept;
  time_point due() const noexcept { return due_; }

 private:
  static constexpr int patience = 8;
  std::chrono::milliseconds period_;
  time_point due_{};
  int late_in_a_row_ = 0;
};

/// One connection's deadline. See sweep_policy.
class deadline {
 public:
  void set(time_point when) noexcept {
    when_ = when;
    overdue_ = false;
  }
  /// True when it has passed for the second counting sweep.
  bool expired(time_point now) noexcept {
    if (now < when_) return false;
    return std::exchange(overdue_, true);
  }

 private:
  time_point when_ = time_point::max();
  bool overdue_ = false;
};

}  // namespace loopscope::http
