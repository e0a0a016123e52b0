// SPDX-License-Identifier: MIT

#include "stall_start.hpp"

#include <algorithm>
#include <cmath>

namespace loopscope::monitor {
namespace {

// Above this share, usual work and the blocking handler look the same.
constexpr double nearly_always_busy = 0.9;
// A probe and the return to sleep take less CPU time.
constexpr std::chrono::microseconds min_handler_cpu{200};
constexpr std::chrono::milliseconds clock_error{1};

}  // namespace

std::chrono::nanoseconds estimate_blocked(const busy_span& span) {
  using std::chrono::nanoseconds;
  const auto whole = std::max(nanoseconds{0}, span.since_alive);
  auto not_running = std::max(nanoseconds{0}, span.not_running_for.value_or(nanoseconds{0}));
  // The parts exceed the whole if the scheduler's time stamp came from the clock of another CPU.
  const bool contradictory = not_running + span.cpu > whole + clock_error;
  if (span.asleep && (!span.not_running_for || contradictory)) return whole / 2;
  not_running = contradictory ? nanoseconds{0} : std::min(not_running, whole);
  // A thread in the run queue that has done nothing yet was woken at an unknown time since it went to sleep.
  if (!span.asleep && span.cpu < min_handler_cpu) not_running /= 2;
  if (span.has_slept_before) return (std::min(whole, not_running + span.cpu + span.queued) + whole) / 2;
  if (span.usual_busy >= nearly_always_busy) return std::max(not_running, whole / 2);

  // In the blocked part the thread uses or waits for all of the time; before it, the usual share. Solve for the
  // blocked part.
  const auto used = static_cast<double>((span.cpu + span.queued + not_running).count());
  const auto total = static_cast<double>(whole.count());
  const auto blocked = (used - span.usual_busy * total) / (1 - span.usual_busy);
  return std::clamp(nanoseconds{std::llround(blocked)}, not_running, whole);
}

}  // namespace loopscope::monitor
