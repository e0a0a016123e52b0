// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <optional>

#include "server/monitor/detect/host_pressure.hpp"
#include "server/monitor/detect/stall_tracker.hpp"
#include "server/monitor/stall_record.hpp"

namespace loopscope::monitor {

/// Where the time of a stall went.
///
/// Units: steady-clock durations, all over the same span. run_queue is nullopt where the kernel has no schedstat;
/// throttled is nullopt outside a cgroup with a CPU controller.
struct time_split {
  std::chrono::nanoseconds wall{0};
  std::chrono::nanoseconds cpu{0};
  std::optional<std::chrono::nanoseconds> run_queue;
  std::optional<std::chrono::nanoseconds> throttled;
  /// What samples showed to be sleep in a call: a lower bound of off_cpu().
  std::chrono::nanoseconds slept{0};
  /// How late the watchdog's own wake-ups were, without its own waits in a run queue.
  std::chrono::nanoseconds watchdog_late{0};

  /// The remainder of wall; nullopt while run_queue is unknown.
  std::optional<std::chrono::nanoseconds> off_cpu() const;
};

/// Decides by shares of wall. A thread that was seen asleep for most of the time it did not compute is off_cpu,
/// whatever the machine did meanwhile. Else: first throttling, if it explains the waiting; then a watchdog that was not
/// run either, if neither sleep nor the run queue explains the time; then the largest part.
verdict classify(const time_split& split);

/// Computes the time_split of one stall, while it lasts and at its end.
///
/// The kernel adds a wait in the run queue to its total only when the thread runs again. Until then the time that a
/// runnable thread did not use is counted here. Threads: none of its own; the owner serializes calls.
class time_breakdown {
 public:
  time_breakdown(stall_tracker::time_point start, const stall_tracker::thread_totals& totals_at_start,
                 const host_pressure& pressure_at_start);

  void add_sample(const thread_sample& sample);

  time_split so_far(stall_tracker::time_point now, const host_pressure& pressure) const;
  /// cpu is the thread's total at the end of the stall, run_queue the total read soon after.
  time_split at_end(const stall_tracker::time_span& stall, std::chrono::nanoseconds cpu,
                    std::optional<std::chrono::nanoseconds> run_queue, const host_pressure& pressure) const;

 private:
  time_split split(std::chrono::nanoseconds wall, std::chrono::nanoseconds cpu,
                   std::optional<std::chrono::nanoseconds> run_queue, const host_pressure& pressure) const;

  stall_tracker::time_point start_;
  stall_tracker::thread_totals totals_at_start_;
  host_pressure pressure_at_start_;
  std::optional<thread_sample> last_;
  std::chrono::nanoseconds uncounted_wait_{0};
  std::chrono::nanoseconds slept_{0};
};

}  // namespace loopscope::monitor
