#pragma once

namespace loopscope::writers {

/// Decides whether to spin before parking: yes while spinning has been succeeding, rarely while it has not.
///
/// Threads: one at a time.
class spin_gate {
 public:
  bool should_spin() noexcept { return credit_ > 0 || ++refusals_ % refusals_per_retry == 0; }
  void succeeded() noexcept { credit_ = max_credit; }
  void failed() noexcept {
    if (credit_ > 0) --credit_;
  }

 private:
  /// Failures in a row after which spinning stops. With 8, one preemption does not end it, and a loop that never wins
  /// wastes eight short spins.
  static constexpr int max_credit = 8;
  /// After that, one spin in so many is tried again: at 20 us a spin and 10 us a write, a cost of 3 per cent.
  static constexpr unsigned refusals_per_retry = 64;
  int credit_ = max_credit;
  unsigned refusals_ = 0;
};

}  // namespace loopscope::writers
