#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "families.hpp"
#include "server/monitor/loop_watch.hpp"

namespace loopscope::metrics {

/// A loop that metrics and the admin plane show. Lifetime: the monitor outlives every copy.
struct loop_source {
  std::string name;
  const monitor::loop_watch& watch;
};

/// The values of one loop that never fall, as Prometheus requires of a counter.
///
/// A snapshot includes the stall in progress, whose samples move from bucket to bucket while it lasts. Prometheus takes
/// a counter that falls for a restart, so each value stays at its maximum until the snapshot exceeds it.
class rising_loop_values {
 public:
  static constexpr std::size_t bucket_count = monitor::lag_bounds_s.size() + 1;

  void update(const monitor::snapshot& figures);

  /// Cumulative; the last one is the number of all samples.
  const std::array<std::uint64_t, bucket_count>& lag_counts() const noexcept { return lag_counts_; }
  std::chrono::nanoseconds lag_sum() const noexcept { return lag_sum_; }
  /// The time spent in stalls, including the one in progress.
  std::chrono::nanoseconds stalled() const noexcept { return stalled_; }

 private:
  std::array<std::uint64_t, bucket_count> lag_counts_{};
  std::chrono::nanoseconds lag_sum_{0};
  std::chrono::nanoseconds stalled_{0};
};

/// The loopscope_loop_* metrics. Threads: one at a time.
class loop_families {
 public:
  struct loop {
    std::string name;
    monitor::snapshot figures;
  };

  std::vector<family> collect(const std::vector<loop>& loops);

 private:
  std::map<std::string, rising_loop_values> rising_;
};

}  // namespace loopscope::metrics
