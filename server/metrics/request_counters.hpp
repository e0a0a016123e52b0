// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "duration_histogram.hpp"
#include "families.hpp"
#include "server/http/observer.hpp"

namespace loopscope::metrics {

inline constexpr std::array<double, 18> request_bounds_s{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                                         0.005,   0.01,   0.025,   0.05,   0.1,   0.25,
                                                         0.5,     1.0,    2.5,     5.0,    10.0,  60.0};

/// Counts the requests of one loop. Counting allocates nothing.
///
/// A path that is not one of the routes counts as http::observer::other_route.
/// Threads: count() and count_unreadable() on the loop; request_families() reads from any thread.
class request_counters {
 public:
  explicit request_counters(std::vector<std::string> routes);

  void count(std::string_view route, unsigned status, std::chrono::nanoseconds duration) noexcept {
    route_counts& counts = find(route);
    counts.count(status);
    counts.durations.record(duration);
  }
  /// A request that could not be read. It has a status but no duration.
  void count_unreadable(unsigned status) noexcept { find(http::observer::other_route).count(status); }

 private:
  friend std::vector<family> request_families(const std::vector<std::unique_ptr<request_counters>>& loops);

  static constexpr unsigned min_status = 100, status_count = 500;
  using histogram = duration_histogram<request_bounds_s.size(), request_bounds_s, threads::one>;

  struct alignas(64) route_counts {
    void count(unsigned status) noexcept {
      // A number that is not a status would be a defect elsewhere; it is counted as 599.
      const unsigned index = status - min_status < status_count ? status - min_status : status_count - 1;
      add<threads::one>(by_status[index], std::uint64_t{1});
    }

    histogram durations;
    std::array<std::atomic<std::uint64_t>, status_count> by_status{};
  };

  route_counts& find(std::string_view route) noexcept;

  std::vector<std::string> routes_;  // the last one is other_route
  std::unique_ptr<route_counts[]> counts_;
};

/// The loopscope_http_* metrics: the sums over all loops, which have the same routes.
std::vector<family> request_families(const std::vector<std::unique_ptr<request_counters>>& loops);

}  // namespace loopscope::metrics
