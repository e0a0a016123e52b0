// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>

namespace loopscope::writers {

/// Decides whether to spin before parking: yes while spinning has paid, rarely while it has not, and not at all for a
/// while after another thread wanted the core.
///
/// Threads: one at a time.
class spin_gate {
 public:
  using clock = std::chrono::steady_clock;

  bool should_spin(clock::time_point now) noexcept {
    if (now < closed_until_) return false;
    return credit_ > 0 || ++refusals_ % refusals_per_retry == 0;
  }
  void succeeded() noexcept { credit_ = max_credit; }
  void failed() noexcept {
    if (credit_ > 0) --credit_;
  }
  /// The spinning thread lost its core to another one.
  void unwanted(clock::time_point now) noexcept { closed_until_ = now + closing_time; }

 private:
  /// Failures in a row after which spinning stops. With 8, one preemption does not end it, and a loop that never wins
  /// wastes eight short spins.
  static constexpr int max_credit = 8;
  /// After that, one spin in so many is tried again: at 20 us a spin and 10 us a write, a cost of 3 per cent.
  static constexpr unsigned refusals_per_retry = 64;
  /// Three of the scheduler's default time slices (3 ms): who took the core has used it up or still wants it by then.
  static constexpr std::chrono::milliseconds closing_time{10};
  int credit_ = max_credit;
  unsigned refusals_ = 0;
  clock::time_point closed_until_{};
};

}  // namespace loopscope::writers
