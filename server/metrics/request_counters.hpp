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

/// Counts the requests of one loop: everything is allocated before the first.
///
/// A route that is not listed counts as observer::other_route, as do requests that could not be read; those
/// have a status but no duration. Threads: the observer's members on one loop; the figures from anywhere.
class request_counters final : public http::observer {
 public:
  explicit request_counters(std::vector<std::string> routes);

  void on_request_end(const http::request&, std::string_view route, unsigned status,
                      std::chrono::nanoseconds took) noexcept override {
    count(route, status, took);
  }
  void on_protocol_error(unsigned status, std::string_view) noexcept override { of(other_route).count(status); }

  void count(std::string_view route, unsigned status, std::chrono::nanoseconds took) noexcept {
    per_route& counted = of(route);
    counted.count(status);
    counted.durations.record(took);
  }

 private:
  friend std::vector<family> request_families(const std::vector<std::unique_ptr<request_counters>>& loops);

  static constexpr unsigned lowest_status = 100, statuses = 500;
  using histogram = duration_histogram<request_bounds_s.size(), request_bounds_s, writers_are::one_thread>;

  struct alignas(64) per_route {
    void count(unsigned status) noexcept {
      // What is no status at all would be a bug elsewhere: it shows up as 599.
      const unsigned at = status - lowest_status < statuses ? status - lowest_status : statuses - 1;
      add<writers_are::one_thread>(by_status[at], std::uint64_t{1});
    }

    histogram durations;
    std::array<std::atomic<std::uint64_t>, statuses> by_status{};
  };

  per_route& of(std::string_view route) noexcept;

  std::vector<std::string> routes_;  // the last is other_route
  std::unique_ptr<per_route[]> counts_;
};

/// The sums of all loops, which were made with the same routes.
std::vector<family> request_families(const std::vector<std::unique_ptr<request_counters>>& loops);

}  // namespace loopscope::metrics
