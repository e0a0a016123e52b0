#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "families.hpp"
#include "server/monitor/snapshot.hpp"

namespace loopscope::metrics {

/// Figures of one loop that only ever rise, as a counter must.
///
/// A snapshot includes the stall in progress, whose samples move from bucket to bucket as it lasts. A counter
/// that falls looks to Prometheus like a restart, so each value is held at its highest until the truth has
/// passed it.
class rising_loop_figures {
 public:
  static constexpr std::size_t buckets = monitor::lag_bounds_s.size() + 1;

  void take(const monitor::snapshot& now);

  /// Cumulative; the last is the number of all samples.
  const std::array<std::uint64_t, buckets>& lag_counts() const noexcept { return lag_counts_; }
  std::chrono::nanoseconds lag_sum() const noexcept { return lag_sum_; }
  /// Of all stalls, the one in progress included.
  std::chrono::nanoseconds stalled() const noexcept { return stalled_; }

 private:
  std::array<std::uint64_t, buckets> lag_counts_{};
  std::chrono::nanoseconds lag_sum_{0};
  std::chrono::nanoseconds stalled_{0};
};

/// The loopscope_loop_* families. Threads: one at a time.
class loop_families {
 public:
  struct loop {
    std::string name;
    monitor::snapshot figures;
  };

  std::vector<family> collect(const std::vector<loop>& loops);

 private:
  std::map<std::string, rising_loop_figures> rising_;
};

}  // namespace loopscope::metrics
