#include "recent_lag.hpp"

#include <algorithm>

namespace loopscope::monitor {

using std::chrono::nanoseconds;

void recent_lag::add(time_point measured, nanoseconds lag) noexcept {
  const auto number = number_at(measured);
  auto& into = slots_[static_cast<std::size_t>(number) % slot_count];
  if (into.number != number) into = {number, lag};
  into.worst = std::max(into.worst, lag);
}

std::optional<nanoseconds> recent_lag::worst(time_point now) const noexcept {
  std::optional<nanoseconds> worst;
  const auto oldest = number_at(now) - static_cast<std::int64_t>(slot_count) + 1;
  for (const auto& each : slots_) {
    if (each.number >= oldest) worst = std::max(worst.value_or(nanoseconds{0}), each.worst);
  }
  return worst;
}

}  // namespace loopscope::monitor
