// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <utility>

#include "../limits.hpp"
#include "../types.hpp"

namespace loopscope::http {

std::chrono::milliseconds sweep_period(const limits& bounds);

/// Decides whether a passed deadline counts.
///
/// By hand and not beast::tcp_stream's timers, because this loop is blocked on purpose: after a handler has blocked it,
/// deadlines have passed for clients whose bytes wait in the kernel, and a timer would close them all. So a sweep that
/// comes late expires nothing, and a connection must be overdue in two sweeps that count, between which the loop has
/// read the waiting bytes. On a loop that is always late, every `patience`-th sweep counts.
class sweep_policy {
 public:
  explicit sweep_policy(std::chrono::milliseconds period) noexcept : period_(period) {}

  void start(time_point now) noexcept { due_ = now + period_; }
  /// Whether this sweep counts. Also schedules the next one.
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
  /// True if it has passed in two sweeps that count.
  bool expired(time_point now) noexcept {
    if (now < when_) return false;
    return std::exchange(overdue_, true);
  }

 private:
  time_point when_ = time_point::max();
  bool overdue_ = false;
};

}  // namespace loopscope::http
