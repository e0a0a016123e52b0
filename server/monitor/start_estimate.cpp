#include "start_estimate.hpp"

#include <algorithm>
#include <cmath>

namespace loopscope::monitor {
namespace {

// Above it, usual work and the blocked handler look the same.
constexpr double nearly_always_busy = 0.9;
// A probe and the way back to sleep take less.
constexpr std::chrono::microseconds shortest_work{200};
constexpr std::chrono::milliseconds tolerance{1};

}  // namespace

std::chrono::nanoseconds estimate_blocked(const busy_span& seen) {
  using std::chrono::nanoseconds;
  const auto span = std::max(nanoseconds{0}, seen.since_alive);
  auto away = std::max(nanoseconds{0}, seen.away_for.value_or(nanoseconds{0}));
  // More time than there was: the scheduler's time stamp was of another CPU's clock.
  const bool contradicts = away + seen.cpu > span + tolerance;
  if (seen.asleep && (!seen.away_for || contradicts)) return span / 2;
  away = contradicts ? nanoseconds{0} : std::min(away, span);
  // A thread in the run queue that has done nothing yet was woken up at an unknown time since it went to
  // sleep.
  if (!seen.asleep && seen.cpu < shortest_work) away /= 2;
  if (seen.usual_busy >= nearly_always_busy) return std::max(away, span / 2);

  // In the blocked part all time is accounted for, before it the usual share is: solve for the former.
  const auto accounted = static_cast<double>((seen.cpu + seen.queued + away).count());
  const auto whole = static_cast<double>(span.count());
  const auto blocked = (accounted - seen.usual_busy * whole) / (1 - seen.usual_busy);
  return std::clamp(nanoseconds{std::llround(blocked)}, away, span);
}

}  // namespace loopscope::monitor
