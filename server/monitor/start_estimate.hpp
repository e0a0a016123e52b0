#pragma once

#include <chrono>
#include <optional>

namespace loopscope::monitor {

/// What is known of a loop that was seen busy, between its last sign of life and that look.
struct busy_span {
  /// From the loop's last sign of life to the look.
  std::chrono::nanoseconds since_alive{0};
  /// CPU time of its thread in that span, and waiting in the run queue as far as the kernel has counted it.
  std::chrono::nanoseconds cpu{0};
  std::chrono::nanoseconds queued{0};
  /// Not on a CPU, for this long where known: asleep in some call, or still in the run queue.
  bool asleep = false;
  std::optional<std::chrono::nanoseconds> away_for;
  /// Share of time that the loop was busy before, 0 to 1.
  double usual_busy = 0;
};

/// How long before the look the present handler started: the time that cannot be explained by the loop's
/// usual work. No hook in the loop tells it; where the loop was nearly always busy, or is away from the CPU
/// for an unknown time, it is the middle of what is possible, wrong by at most half of it.
std::chrono::nanoseconds estimate_blocked(const busy_span& seen);

}  // namespace loopscope::monitor
