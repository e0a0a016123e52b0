// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <chrono>
#include <string_view>
#include <vector>

#include "duration_histogram.hpp"
#include "families.hpp"
#include "server/runs/run_registry.hpp"
#include "writers/method.hpp"

namespace loopscope::metrics {

inline constexpr std::array<double, 14> write_bounds_s{0.005, 0.01, 0.025, 0.05, 0.1,  0.25, 0.5,
                                                       1.0,   2.5,  5.0,   10.0, 30.0, 60.0, 300.0};

/// Counts writes that have ended. Threads: any.
class write_counters {
 public:
  void count(const writers::method& method, writers::back_end io, runs::outcome outcome,
             std::chrono::nanoseconds duration) noexcept;
  /// The loopscope_write* metrics that count ended writes.
  std::vector<family> families() const;

 private:
  static constexpr std::size_t outcome_count = 3, back_end_count = 2;
  using histogram = duration_histogram<write_bounds_s.size(), write_bounds_s, threads::many>;

  struct counts {
    std::array<std::atomic<std::uint64_t>, outcome_count> by_outcome{};
    histogram completed;
  };

  std::vector<std::array<counts, back_end_count>> counts_{writers::all_methods().size()};  // never resized
};

}  // namespace loopscope::metrics
