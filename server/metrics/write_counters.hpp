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

/// The value of the label io: "none" for methods that have no back end.
std::string_view io_label(const writers::method& method, writers::back_end io) noexcept;

/// Counts writes that have ended. Threads: any.
class write_counters {
 public:
  void count(const writers::method& method, writers::back_end io, runs::outcome how,
             std::chrono::nanoseconds took) noexcept;
  std::vector<family> families() const;

 private:
  static constexpr std::size_t outcomes = 3, back_ends = 2;
  using histogram = duration_histogram<write_bounds_s.size(), write_bounds_s, writers_are::many_threads>;

  struct per_kind {
    std::array<std::atomic<std::uint64_t>, outcomes> by_outcome{};
    histogram completed;
  };

  std::vector<std::array<per_kind, back_ends>> kinds_{writers::all_methods().size()};  // never resized
};

}  // namespace loopscope::metrics
