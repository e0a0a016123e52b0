// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <unordered_set>

namespace loopscope::monitor {

/// Decides which stalls are reported, so that a loop that stalls all day does not fill the log.
///
/// The first stall of a stack is reported when it is found and each time its duration has doubled. A later stall with
/// the same stack counts as a repeat. It is reported only if it lasts twice as long as any reported stall of that
/// stack. The end of a reported stall is reported. There is a cap per minute; the next report says how many were held
/// back. A stack that has not occurred for ten minutes is new again. Threads: none of its own; the owner serializes
/// calls. Time: injected.
class report_policy {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct decision {
    bool report = false;
    std::uint64_t repeats = 0;     ///< earlier stalls with this stack
    std::uint64_t suppressed = 0;  ///< held back by the cap since the last report
  };

  explicit report_policy(std::size_t reports_per_minute) : max_per_minute_(reports_per_minute) {}

  /// Call it for a stall in progress, and once when it has ended. The stack may change between calls for one stall.
  decision consider(std::uint64_t stall, std::uint64_t fingerprint, std::chrono::nanoseconds duration, bool ended,
                    time_point now);

  std::uint64_t reported() const noexcept { return reported_; }
  std::uint64_t suppressed() const noexcept { return suppressed_; }

 private:
  struct known_stack {
    std::chrono::nanoseconds reported_duration{0};
    std::uint64_t stalls = 0;
    std::uint64_t last_stall = 0;
    time_point last_seen{};
  };

  known_stack& stack_of(std::uint64_t fingerprint, time_point now);
  bool is_below_cap(time_point now);

  std::size_t max_per_minute_;
  std::unordered_map<std::uint64_t, known_stack> stacks_;
  std::deque<time_point> last_minute_;
  std::unordered_set<std::uint64_t> open_reports_;  // stalls in progress that were reported
  std::uint64_t reported_ = 0;
  std::uint64_t suppressed_ = 0;
  std::uint64_t held_back_ = 0;
};

}  // namespace loopscope::monitor
