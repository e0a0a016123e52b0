// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "snapshot.hpp"

namespace loopscope::monitor {

/// The figures of a loop, under the name that its series have.
struct named_snapshot {
  std::string name;
  monitor::snapshot figures;
};

/// Loops as Prometheus text: the metrics loopscope_loop_*, each with the label "loop".
///
///     loopscope::monitor::prometheus_exporter exporter;
///     ...
///     response.body() = exporter.text({{"io-0", monitor.snapshot()}});  // Content-Type: text/plain; version=0.0.4
///
/// Keep one exporter for the life of the process. A snapshot includes the stall in progress, whose samples move from
/// bucket to bucket while it lasts. Prometheus takes a counter that falls for a restart, so the exporter keeps each
/// value at its maximum until a snapshot exceeds it. It forgets a loop that is left out. Units: seconds. Threads: one
/// at a time. Source: the Prometheus text exposition format, version 0.0.4.
class prometheus_exporter {
 public:
  /// Returns the text of all metrics for these loops; it ends with a line feed, so that more may follow.
  std::string text(const std::vector<named_snapshot>& loops);

 private:
  /// The values of one loop that never fall.
  struct rising_values {
    /// Cumulative; the last one is the number of all samples.
    std::array<std::uint64_t, lag_bounds_s.size() + 1> lag_counts{};
    std::chrono::nanoseconds lag_sum{0};
    /// The time spent in stalls, including the one in progress.
    std::chrono::nanoseconds stalled{0};
    std::chrono::nanoseconds capacity_lost{0};

    void update(const snapshot& figures);
  };

  std::map<std::string, rising_values> rising_;
};

}  // namespace loopscope::monitor
