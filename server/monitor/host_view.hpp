#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// What the machine did to the whole process, as totals that only grow; a stall's share is a difference of
/// two.
struct host_totals {
  std::optional<std::chrono::nanoseconds> throttled;
  /// Time that the watchdog lost: late wake-ups and interruptions that its own waiting in a run queue does
  /// not explain.
  std::chrono::nanoseconds watchdog_late{0};
};

/// Reads host_totals; a quota may sit on any cgroup on the way up. Threads: made and used on the watchdog thread.
class host_view {
 public:
  host_view();

  /// Called at each wake-up: it was meant for due and came at now.
  host_totals woke_up(std::chrono::steady_clock::time_point due, std::chrono::steady_clock::time_point now);
  /// Called when the work of a wake-up is done.
  void falls_asleep(std::chrono::steady_clock::time_point now);

 private:
  std::chrono::nanoseconds run_delay_since_last();

  std::vector<system::proc_file> cpu_stats_;
  system::proc_file own_schedstat_;
  std::chrono::nanoseconds own_run_delay_{0};
  std::chrono::nanoseconds cpu_at_wake_up_{0};
  std::chrono::steady_clock::time_point woke_up_at_{};
  host_totals totals_;
};

}  // namespace loopscope::monitor
