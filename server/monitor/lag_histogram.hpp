#pragma once

#include <boost/histogram/axis/regular.hpp>
#include <boost/histogram/histogram.hpp>
#include <boost/histogram/storage_adaptor.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "snapshot.hpp"

namespace loopscope::monitor {

/// Counts lags in cells 2% wide from 1 us to 100 s, with exact maximum, sum and Prometheus buckets.
///
/// Threads: none of its own; the owner serialises.
class lag_histogram {
 public:
  lag_histogram();

  void record(std::chrono::nanoseconds lag, std::uint64_t times = 1);

  /// Records lag and, as probes due every interval would have seen them, lag - interval, lag - 2 interval,
  /// ... Takes a step for each cell, not for each of them. Source: recordValueWithExpectedInterval of HdrHistogram.
  void record_corrected(std::chrono::nanoseconds lag, std::chrono::nanoseconds interval);

  /// The upper edge of the cell that holds the sample of rank quantile * count, at most the maximum; nullopt
  /// when empty.
  std::optional<std::chrono::nanoseconds> percentile(double quantile) const;

  lag_figures figures() const;

 private:
  using axis = boost::histogram::axis::regular<double, boost::histogram::axis::transform::log>;
  using cells = boost::histogram::histogram<std::tuple<axis>, boost::histogram::dense_storage<std::uint64_t>>;

  /// An arithmetic series of `times` lags from `lag` down to `least`, all in one cell and in the same buckets.
  void add(std::chrono::nanoseconds lag, std::chrono::nanoseconds least, std::int64_t times);
  /// The lower end of what has the cell and the buckets of `lag`.
  std::chrono::nanoseconds lowest_alike(std::chrono::nanoseconds lag) const;

  cells cells_;
  lag_figures exact_;
};

}  // namespace loopscope::monitor
