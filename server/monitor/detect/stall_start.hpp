// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <optional>

namespace loopscope::monitor {

/// What is known about a busy loop between the last time it was known to be alive and a sample.
struct busy_span {
  std::chrono::nanoseconds since_alive{0};
  /// CPU time of its thread in that span.
  std::chrono::nanoseconds cpu{0};
  /// Its wait in the run queue in that span, as far as the kernel has counted it.
  std::chrono::nanoseconds queued{0};
  /// At the sample it sleeps in a system call; otherwise it runs or is in the run queue.
  bool asleep = false;
  /// It has slept and gone on within the present handler, for an unknown time.
  bool has_slept_before = false;
  /// How long it has not been on a CPU, if known.
  std::optional<std::chrono::nanoseconds> not_running_for;
  /// Share of time that the loop was busy before, 0 to 1.
  double usual_busy = 0;
};

/// Estimates for how long before the sample the present handler has been running: the time that the loop's usual work
/// does not explain. No hook in the loop reports it. If the loop was nearly always busy, has slept within the handler
/// or has not been running for an unknown time, the result is the middle of the possible range, wrong by at most half
/// of it.
std::chrono::nanoseconds estimate_blocked(const busy_span& span);

}  // namespace loopscope::monitor
