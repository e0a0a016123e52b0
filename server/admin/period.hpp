#pragma once

#include <chrono>

namespace loopscope::admin {

/// When something that happens again and again is due: at fixed times; those that were missed are not made up
/// for.
class period {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  period(std::chrono::nanoseconds length, time_point start) : length_(length), next_(start + length) {}

  time_point next() const noexcept { return next_; }

  /// Whether it is time; if so, it is next due at the first of its times after `now`.
  bool due(time_point now) noexcept {
    if (now < next_) return false;
    next_ += length_ * ((now - next_) / length_ + 1);
    return true;
  }

 private:
  std::chrono::nanoseconds length_;
  time_point next_;
};

}  // namespace loopscope::admin
