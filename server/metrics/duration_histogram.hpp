#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace loopscope::metrics {

/// How counting threads share a counter.
enum class writers_are { one_thread, many_threads };

/// Adds with relaxed order; where one thread writes, without the price of a locked instruction.
template <writers_are Who, class Number>
void add(std::atomic<Number>& to, Number amount) noexcept {
  if constexpr (Who == writers_are::one_thread) {
    to.store(to.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  } else {
    to.fetch_add(amount, std::memory_order_relaxed);
  }
}

/// Counts durations in fixed buckets: no lock, no allocation.
///
/// Units: bounds in seconds, inclusive. Threads: record() from as many as Who says; the rest from any.
template <std::size_t Size, const std::array<double, Size>& Bounds, writers_are Who>
class duration_histogram {
 public:
  using counts = std::array<std::uint64_t, Size + 1>;

  void record(std::chrono::nanoseconds took) noexcept {
    const double time_s = std::chrono::duration<double>(took).count();
    const auto at = std::lower_bound(Bounds.begin(), Bounds.end(), time_s) - Bounds.begin();
    add<Who>(counts_[static_cast<std::size_t>(at)], std::uint64_t{1});
    add<Who>(sum_ns_, static_cast<std::int64_t>(took.count()));
  }

  /// Per bucket, not cumulative; the last is of what lies beyond all bounds.
  void add_to(counts& totals) const noexcept {
    for (std::size_t i = 0; i < totals.size(); ++i) totals[i] += counts_[i].load(std::memory_order_relaxed);
  }
  std::chrono::nanoseconds sum() const noexcept {
    return std::chrono::nanoseconds{sum_ns_.load(std::memory_order_relaxed)};
  }

 private:
  std::array<std::atomic<std::uint64_t>, Size + 1> counts_{};
  std::atomic<std::int64_t> sum_ns_{0};
};

}  // namespace loopscope::metrics
