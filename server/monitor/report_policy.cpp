#include "report_policy.hpp"

#include <algorithm>

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_stacks = 256;
constexpr std::chrono::minutes forget_after{10};
constexpr std::chrono::minutes cap_window{1};

}  // namespace

report_policy::decision report_policy::consider(std::uint64_t stall, std::uint64_t fingerprint,
                                                std::chrono::nanoseconds duration, bool ended, time_point now) {
  auto& stack = stack_of(fingerprint, now);
  if (stack.last_stall != stall) {
    stack.last_stall = stall;
    ++stack.stalls;
  }
  stack.last_seen = now;

  const bool doubled = duration >= 2 * stack.reported_duration;
  const bool closes_a_report = ended && reported_stall_ == stall;
  decision out;
  out.repeats = stack.stalls - 1;
  if (!doubled && !closes_a_report) return out;
  if (!below_cap(now)) {
    ++suppressed_;
    ++untold_;
    return out;
  }

  stack.reported_duration = std::max(stack.reported_duration, duration);
  reported_stall_ = stall;
  recent_.push_back(now);
  ++reported_;
  out.report = true;
  out.suppressed = untold_;
  untold_ = 0;
  return out;
}

report_policy::known_stack& report_policy::stack_of(std::uint64_t fingerprint, time_point now) {
  const auto known = stacks_.find(fingerprint);
  if (known != stacks_.end()) {
    if (now - known->second.last_seen < forget_after) return known->second;
    return known->second = known_stack{};
  }
  if (stacks_.size() >= max_stacks) {
    stacks_.erase(std::min_element(stacks_.begin(), stacks_.end(), [](const auto& a, const auto& b) {
      return a.second.last_seen < b.second.last_seen;
    }));
  }
  return stacks_[fingerprint];
}

bool report_policy::below_cap(time_point now) {
  while (!recent_.empty() && now - recent_.front() >= cap_window) recent_.pop_front();
  return recent_.size() < cap_;
}

}  // namespace loopscope::monitor
