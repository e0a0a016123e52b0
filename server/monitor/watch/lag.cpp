// SPDX-License-Identifier: MIT

#include "lag.hpp"

#include <algorithm>
#include <boost/histogram/make_histogram.hpp>
#include <cmath>
#include <limits>

namespace loopscope::monitor {
namespace {

constexpr double min_cell_ns = 1e3;
constexpr double max_cell_ns = 1e11;
constexpr double cell_width = 1.02;

unsigned cell_count() {
  return static_cast<unsigned>(std::ceil(std::log(max_cell_ns / min_cell_ns) / std::log(cell_width)));
}

}  // namespace

lag_histogram::lag_histogram()
    : cells_(std::tuple<axis>(axis(cell_count(), min_cell_ns, max_cell_ns)),
             boost::histogram::dense_storage<std::uint64_t>()) {}

void lag_histogram::record(std::chrono::nanoseconds lag, std::uint64_t times) {
  if (times == 0) return;
  lag = std::max(lag, std::chrono::nanoseconds{0});
  add_series(lag, lag, static_cast<std::int64_t>(times));
}

void lag_histogram::add_series(std::chrono::nanoseconds max, std::chrono::nanoseconds min, std::int64_t times) {
  const auto max_ns = static_cast<double>(max.count());
  // The log axis has no cell for 0.
  const auto cell = cells_.axis().index(std::max(max_ns, 1.0));
  cells_.at(cell) += static_cast<std::uint64_t>(times);

  exact_.count += static_cast<std::uint64_t>(times);
  std::int64_t sum = 0;
  if (__builtin_mul_overflow(max.count() + min.count(), times, &sum) ||
      __builtin_add_overflow(exact_.sum.count(), sum / 2, &sum))
    sum = std::numeric_limits<std::int64_t>::max();
  exact_.sum = std::chrono::nanoseconds{sum};
  exact_.max = std::max(exact_.max.value_or(max), max);
  for (std::size_t i = 0; i < lag_bounds_s.size(); ++i) {
    if (max_ns <= lag_bounds_s[i] * 1e9) exact_.buckets[i] += static_cast<std::uint64_t>(times);
  }
}

void lag_histogram::record_corrected(std::chrono::nanoseconds lag, std::chrono::nanoseconds interval) {
  record(lag);
  // A stop of one day stands for millions of probes: all in the same cell and buckets are recorded at once.
  for (auto missed = lag - interval; missed >= interval;) {
    const auto further = std::max<std::int64_t>(0, (missed - std::max(min_in_same_cell(missed), interval)) / interval);
    const auto min = missed - interval * further;
    add_series(missed, min, further + 1);
    missed = min - interval;
  }
}

std::chrono::nanoseconds lag_histogram::min_in_same_cell(std::chrono::nanoseconds lag) const {
  const auto lag_ns = static_cast<double>(lag.count());
  const auto cell = cells_.axis().index(lag_ns);
  double min_ns = cell < 0 ? 0 : std::ceil(cells_.axis().value(cell));
  for (const double bound_s : lag_bounds_s) {
    if (bound_s * 1e9 < lag_ns) min_ns = std::max(min_ns, std::floor(bound_s * 1e9) + 1);
  }
  return std::chrono::nanoseconds{static_cast<std::int64_t>(min_ns)};
}

std::optional<std::chrono::nanoseconds> lag_histogram::percentile(double quantile) const {
  if (exact_.count == 0) return std::nullopt;
  const auto rank =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(exact_.count))));
  std::uint64_t counted = 0;
  for (int cell = -1; cell < cells_.axis().size(); ++cell) {
    counted += cells_.at(cell);
    if (counted >= rank) {
      const auto edge = cell < 0 ? min_cell_ns : cells_.axis().value(cell + 1);
      return std::min(*exact_.max, std::chrono::nanoseconds{std::llround(edge)});
    }
  }
  return exact_.max;
}

lag_figures lag_histogram::figures() const {
  lag_figures out = exact_;
  out.p50 = percentile(0.5);
  out.p90 = percentile(0.9);
  out.p99 = percentile(0.99);
  out.p999 = percentile(0.999);
  return out;
}

void recent_lag::add(time_point measured, std::chrono::nanoseconds lag) noexcept {
  const auto number = slot_number(measured);
  auto& target = slots_[static_cast<std::size_t>(number) % slot_count];
  if (target.number != number) target = {number, lag};
  target.max = std::max(target.max, lag);
}

std::optional<std::chrono::nanoseconds> recent_lag::max(time_point now) const noexcept {
  std::optional<std::chrono::nanoseconds> result;
  const auto oldest = slot_number(now) - static_cast<std::int64_t>(slot_count) + 1;
  for (const auto& each : slots_) {
    if (each.number >= oldest) result = std::max(result.value_or(std::chrono::nanoseconds{0}), each.max);
  }
  return result;
}

}  // namespace loopscope::monitor
