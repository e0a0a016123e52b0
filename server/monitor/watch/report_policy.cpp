// SPDX-License-Identifier: MIT

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
  const bool closes_a_report = ended && open_reports_.erase(stall) > 0;
  decision out;
  out.repeats = stack.stalls - 1;
  if (!doubled && !closes_a_report) return out;
  if (!is_below_cap(now)) {
    ++suppressed_;
    ++held_back_;
    return out;
  }

  stack.reported_duration = std::max(stack.reported_duration, duration);
  if (!ended) open_reports_.insert(stall);
  last_minute_.push_back(now);
  ++reported_;
  out.report = true;
  out.suppressed = held_back_;
  held_back_ = 0;
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

bool report_policy::is_below_cap(time_point now) {
  while (!last_minute_.empty() && now - last_minute_.front() >= cap_window) last_minute_.pop_front();
  return last_minute_.size() < max_per_minute_;
}

}  // namespace loopscope::monitor
