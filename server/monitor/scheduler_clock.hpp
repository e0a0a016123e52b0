#pragma once

#include <chrono>
#include <optional>
#include <unordered_map>

#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// Translates times of the scheduler's clock, as in the sched files of procfs, to the steady clock.
///
/// Every CPU has a clock of its own, which loses the time that a hypervisor took. The watchdog's own entry,
/// read at a known time on a known CPU, tells that CPU's offset; it is good for some seconds. Threads: made
/// and used on the watchdog. Errors: nullopt where the kernel has no sched files.
class scheduler_clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  scheduler_clock();

  /// Learns the offset of the CPU that the caller happens to be on, unless it was learnt a moment ago.
  void learn_here();

  /// Goes to an unknown CPU for a moment to learn its offset when may_visit is true.
  std::optional<time_point> to_steady(std::chrono::nanoseconds scheduler_time, int cpu, bool may_visit);

 private:
  struct offset {
    std::chrono::nanoseconds value{0};
    time_point learnt{};
  };

  std::optional<offset> known(int cpu) const;
  void visit(int cpu);

  system::proc_file own_sched_;
  std::unordered_map<int, offset> offsets_;
};

}  // namespace loopscope::monitor
