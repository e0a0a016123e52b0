// SPDX-License-Identifier: MIT

#pragma once

#include <algorithm>
#include <chrono>

namespace loopscope::writers {

/// How long a method that runs on the loop works before it yields: shorter while other handlers wait, longer while
/// none does.
///
/// Whether others waited shows in how long the yield took. Threads: one at a time. A value.
class slice_policy {
 public:
  /// `max`: the slice while nobody waits, and at most.
  explicit slice_policy(std::chrono::microseconds max) noexcept : max_(max) {}

  std::chrono::microseconds slice() const noexcept { return slice_; }

  /// The loop has had its turn, and it took that long.
  void yielded(std::chrono::nanoseconds took) noexcept {
    if (took > max_idle_yield) {
      slice_ = std::max(min_, slice_ / 2);
      idle_yields_ = 0;
    } else if (++idle_yields_ == idle_yields_per_step) {
      slice_ = std::min(max_, slice_ * 2);
      idle_yields_ = 0;
    }
  }

 private:
  /// A yield of a loop with nothing else to do is two looks at epoll; a request takes 8 us of CPU.
  static constexpr std::chrono::microseconds max_idle_yield{8};
  /// Measured with a fixed slice on a loaded machine, median of 7 alternating writes: 2.69 us of CPU a record at 50 us,
  /// 2.68 at 500.
  static constexpr std::chrono::microseconds shortest{50};
  /// At the shortest slice, 3 ms without another handler double it: with a request a millisecond it stays short.
  static constexpr int idle_yields_per_step = 64;

  std::chrono::microseconds max_;
  std::chrono::microseconds min_ = std::min(max_, shortest);
  std::chrono::microseconds slice_ = min_;
  int idle_yields_ = 0;
};

}  // namespace loopscope::writers
