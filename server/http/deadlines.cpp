#include "deadlines.hpp"

#include <algorithm>

namespace loopscope::http {

const char* to_string(phase what) {
  switch (what) {
    case phase::idle:
      return "idle";
    case phase::head:
      return "header";
    case phase::body:
      return "body";
    case phase::handling:
      return "handling";
    case phase::writing:
      return "writing";
    case phase::streaming:
      return "streaming";
    case phase::lingering:
      return "lingering";
    case phase::closed:
      return "closed";
  }
  return "";
}

time_point deadline_of(phase what, const limits& bounds, time_point now) {
  switch (what) {
    case phase::idle:
      return now + bounds.idle_timeout;
    case phase::head:
      return now + bounds.header_timeout;
    case phase::body:
      return now + bounds.body_timeout;
    case phase::writing:
      return now + bounds.write_timeout;
    case phase::lingering:
      return now + bounds.linger_timeout;
    case phase::handling:
    case phase::streaming:  // each piece of the body sets its own
    case phase::closed:
      return time_point::max();
  }
  return time_point::max();
}

std::chrono::milliseconds sweep_period(const limits& bounds) {
  using namespace std::chrono_literals;
  const auto shortest = std::min(
      {bounds.header_timeout, bounds.body_timeout, bounds.idle_timeout, bounds.write_timeout, bounds.linger_timeout});
  return std::clamp<std::chrono::milliseconds>(shortest / 4, 5ms, 250ms);
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
