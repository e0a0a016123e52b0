// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <optional>
#include <unordered_map>

#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// Converts times of the scheduler's clock, as in the sched files of procfs, to the steady clock.
///
/// Each CPU has a scheduler clock of its own, which does not count the time that a hypervisor took. The watchdog
/// compares its own sched file with the steady clock on a known CPU. That gives the CPU's offset, which is used for
/// a tenth of a second. Threads: constructed and used on the watchdog. Errors: nullopt where the kernel has no sched
/// files.
class scheduler_clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  scheduler_clock();

  /// Measures the offset of the CPU that the caller runs on, unless it was measured a moment ago.
  void measure_this_cpu();

  /// If the offset of the CPU is unknown and may_move is true, the caller moves to that CPU for a moment to measure it.
  std::optional<time_point> to_steady(std::chrono::nanoseconds scheduler_time, int cpu, bool may_move);

 private:
  struct offset {
    std::chrono::nanoseconds value{0};
    time_point measured{};
  };

  std::optional<offset> known(int cpu) const;
  void measure_cpu(int cpu);

  system::proc_file own_sched_;
  std::unordered_map<int, offset> offsets_;
};

}  // namespace loopscope::monitor
