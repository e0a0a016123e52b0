#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

namespace loopscope::monitor {

/// Decides which stalls are worth a line in a log, so that a loop that stalls all day does not fill it.
///
/// A stack's first stall is reported when it is found, and again each time its duration has doubled. A later
/// stall with the same stack is counted as a repeat, and reported only when it lasts twice as long as any
/// report of that stack said. The end of a stall is reported when the stall was. No more than a cap a minute;
/// what the cap holds back is counted and told by the next report. A stack not seen for ten minutes is news
/// again. Threads: none of its own; the owner serialises. Time: injected.
class report_policy {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct decision {
    bool report = false;
    std::uint64_t repeats = 0;     ///< earlier stalls with this stack
    std::uint64_t suppressed = 0;  ///< held back by the cap since the last report
  };

  explicit report_policy(std::size_t reports_per_minute) : cap_(reports_per_minute) {}

  /// A stall goes on, or (ended) is over, with this stack. The stack may change between calls for one stall.
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
  bool below_cap(time_point now);

  std::size_t cap_;
  std::unordered_map<std::uint64_t, known_stack> stacks_;
  std::deque<time_point> recent_;
  std::uint64_t reported_stall_ = 0;
  std::uint64_t reported_ = 0;
  std::uint64_t suppressed_ = 0;
  std::uint64_t untold_ = 0;
};

}  // namespace loopscope::monitor
