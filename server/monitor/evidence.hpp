#pragma once

#include <chrono>
#include <optional>

#include "stall_record.hpp"

namespace loopscope::monitor {

/// Where the time of a stall went.
///
/// Units: steady-clock durations, all over the same span. run_queue is nullopt where the kernel keeps no
/// schedstat; throttled is nullopt outside a cgroup with a CPU controller.
struct evidence {
  std::chrono::nanoseconds wall{0};
  std::optional<std::chrono::nanoseconds> cpu;
  std::optional<std::chrono::nanoseconds> run_queue;
  std::optional<std::chrono::nanoseconds> throttled;
  /// How late the watchdog's own wake-ups were, without the part that it spent in a run queue itself.
  std::chrono::nanoseconds watchdog_late{0};

  /// The rest of wall; nullopt while a part is unknown.
  std::optional<std::chrono::nanoseconds> off_cpu() const;
};

/// Decides from shares of wall: throttling explains waiting first, then a watchdog that was not run either,
/// then the largest part.
verdict judge(const evidence& seen);

}  // namespace loopscope::monitor
