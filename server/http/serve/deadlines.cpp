// SPDX-License-Identifier: MIT

#include "deadlines.hpp"

#include <algorithm>

namespace loopscope::http {

std::chrono::milliseconds sweep_period(const limits& bounds) {
  using namespace std::chrono_literals;
  const auto shortest = std::min(
      {bounds.header_timeout, bounds.body_timeout, bounds.idle_timeout, bounds.write_timeout, bounds.linger_timeout});
  return std::clamp<std::chrono::milliseconds>(std::chrono::ceil<std::chrono::milliseconds>(shortest) / 4, 5ms, 250ms);
}

bool sweep_policy::tick(time_point now) noexcept {
  const bool late = now > due_ + period_ / 2;
  due_ = now + period_;
  late_in_a_row_ = late ? late_in_a_row_ + 1 : 0;
  if (late_in_a_row_ < patience) return !late;
  late_in_a_row_ = 0;
  return true;
}

}  // namespace loopscope::http
