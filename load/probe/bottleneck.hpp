#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace loopscope::probe {

/// What the probe knows of its own part in the figures.
struct own_part {
  std::size_t scheduled = 0;
  std::size_t late = 0;
  std::optional<double> lateness_max_us;
  std::optional<double> latency_max_us;
  std::optional<double> thread_busy;  ///< share of the run in which its thread was on the CPU
  std::chrono::nanoseconds stood_still{0};
  std::size_t skipped = 0;         ///< requests that were due meanwhile
  std::size_t local_failures = 0;  ///< requests that failed for this machine's own limits
};

/// Why the figures speak of the probe rather than of the server, a sentence each; none when they do not.
std::vector<std::string> bottleneck_reasons(const own_part& part);

}  // namespace loopscope::probe
