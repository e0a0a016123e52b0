// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// How much the machine delayed the whole process, as totals that only grow. The share of a stall is the difference of
/// two.
struct host_pressure {
  std::optional<std::chrono::nanoseconds> throttled;
  /// Time that the watchdog lost: late wake-ups and interruptions that its own waits in a run queue do not explain.
  std::chrono::nanoseconds watchdog_late{0};
};

/// Measures host_pressure. A quota may be set on any cgroup from the process's own one upwards.
///
/// Threads: constructed and used on the watchdog thread.
class host_pressure_meter {
 public:
  host_pressure_meter();

  /// Call it at each wake-up, with the time that it was due.
  host_pressure on_wake(std::chrono::steady_clock::time_point due, std::chrono::steady_clock::time_point now);
  /// Call it when the work of a wake-up is done.
  void on_sleep(std::chrono::steady_clock::time_point now);

 private:
  std::chrono::nanoseconds run_delay_since_last();

  std::vector<system::proc_file> cpu_stats_;
  system::proc_file own_schedstat_;
  std::chrono::nanoseconds own_run_delay_{0};
  std::chrono::nanoseconds cpu_at_wake_{0};
  std::chrono::steady_clock::time_point woken_at_{};
  host_pressure total_;
};

}  // namespace loopscope::monitor
