// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <boost/histogram/axis/regular.hpp>
#include <boost/histogram/histogram.hpp>
#include <boost/histogram/storage_adaptor.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "server/monitor/snapshot.hpp"

namespace loopscope::monitor {

/// Counts lags in cells 2% wide from 1 us to 100 s. Maximum, sum and the Prometheus buckets are exact.
///
/// Threads: none of its own; the owner serializes calls.
class lag_histogram {
 public:
  lag_histogram();

  void record(std::chrono::nanoseconds lag, std::uint64_t times = 1);

  /// Records lag and what probes due every interval would have measured meanwhile: lag - interval, lag - 2 interval,
  /// ... Takes one step per cell, not per probe. Source: recordValueWithExpectedInterval of HdrHistogram.
  void record_corrected(std::chrono::nanoseconds lag, std::chrono::nanoseconds interval);

  /// The upper edge of the cell that holds the sample of rank quantile * count, at most the maximum; nullopt when
  /// empty.
  std::optional<std::chrono::nanoseconds> percentile(double quantile) const;

  lag_figures figures() const;

 private:
  using axis = boost::histogram::axis::regular<double, boost::histogram::axis::transform::log>;
  using cells = boost::histogram::histogram<std::tuple<axis>, boost::histogram::dense_storage<std::uint64_t>>;

  /// Records an arithmetic series of `times` lags from `max` down to `min`, all in one cell and in the same buckets.
  void add_series(std::chrono::nanoseconds max, std::chrono::nanoseconds min, std::int64_t times);
  /// The smallest lag with the same cell and the same buckets.
  std::chrono::nanoseconds min_in_same_cell(std::chrono::nanoseconds lag) const;

  cells cells_;
  lag_figures exact_;
};

/// The maximum lag of about the last second, in slots of 100 ms. Old samples expire.
///
/// Threads: none of its own; the owner serializes calls.
class recent_lag {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  void add(time_point measured, std::chrono::nanoseconds lag) noexcept;
  /// nullopt when nothing was measured in the last second.
  std::optional<std::chrono::nanoseconds> max(time_point now) const noexcept;

 private:
  static constexpr std::chrono::milliseconds slot_time{100};
  static constexpr std::size_t slot_count = 10;

  struct slot {
    std::int64_t number = -1;  // in slot times since the clock's epoch
    std::chrono::nanoseconds max{0};
  };
  static std::int64_t slot_number(time_point time) noexcept { return time.time_since_epoch() / slot_time; }

  std::array<slot, slot_count> slots_{};
};

}  // namespace loopscope::monitor
