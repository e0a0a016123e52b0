// SPDX-License-Identifier: MIT

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace loopscope::probe {

/// Percentiles of a sample that is kept as a whole: exact values, not the bounds of histogram buckets. Each figure is
/// nullopt for an empty sample.
///
/// Units: those of the sample. Source: the nearest-rank method.
class percentiles {
 public:
  percentiles() = default;
  explicit percentiles(std::vector<double> sample) : ascending_(std::move(sample)) { std::ranges::sort(ascending_); }

  std::size_t count() const { return ascending_.size(); }

  /// The value of rank ceil(quantile * count), the smallest one at 0.
  /// `quantile`: 0 to 1.
  std::optional<double> at(double quantile) const {
    if (ascending_.empty()) return std::nullopt;
    // 0.07 * 100 is above 7 in floating point, but its rank is 7.
    constexpr double rounding = 1 - 1e-12;
    const auto rank = static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(count()) * rounding));
    return ascending_[std::clamp<std::size_t>(rank, 1, count()) - 1];
  }

  std::optional<double> max() const { return at(1); }

  std::optional<double> mean() const {
    if (ascending_.empty()) return std::nullopt;
    return std::accumulate(ascending_.begin(), ascending_.end(), 0.0) / static_cast<double>(count());
  }

  /// Of the whole population.
  std::optional<double> standard_deviation() const {
    if (ascending_.empty()) return std::nullopt;
    const auto add_square = [mean = *mean()](double sum, double value) {
      return sum + (value - mean) * (value - mean);
    };
    return std::sqrt(std::accumulate(ascending_.begin(), ascending_.end(), 0.0, add_square) /
                     static_cast<double>(count()));
  }

  /// The number of values that are at most `value`.
  std::size_t count_up_to(double value) const {
    return static_cast<std::size_t>(std::ranges::upper_bound(ascending_, value) - ascending_.begin());
  }

 private:
  std::vector<double> ascending_;
};

}  // namespace loopscope::probe
