// SPDX-License-Identifier: MIT

#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace loopscope::metrics {

/// How many threads add to a counter.
enum class threads { one, many };

/// Adds with relaxed order. For one thread this is a load and a store, which costs less than a locked instruction.
template <threads Adders, class Number>
void add(std::atomic<Number>& counter, Number amount) noexcept {
  if constexpr (Adders == threads::one) {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  } else {
    counter.fetch_add(amount, std::memory_order_relaxed);
  }
}

/// Counts durations in fixed buckets, without a lock or an allocation.
///
/// Units: Bounds are inclusive upper bounds in seconds, in ascending order.
/// Threads: record() is called by as many threads as Adders says; the other members by any thread.
template <std::size_t Size, const std::array<double, Size>& Bounds, threads Adders>
class duration_histogram {
 public:
  /// One count for each bucket, not cumulative. The last one counts durations above every bound.
  using counts = std::array<std::uint64_t, Size + 1>;

  void record(std::chrono::nanoseconds duration) noexcept {
    const double duration_s = std::chrono::duration<double>(duration).count();
    const auto bucket = std::lower_bound(Bounds.begin(), Bounds.end(), duration_s) - Bounds.begin();
    add<Adders>(counts_[static_cast<std::size_t>(bucket)], std::uint64_t{1});
    add<Adders>(sum_ns_, static_cast<std::int64_t>(duration.count()));
  }

  void add_counts(counts& to) const noexcept {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += counts_[i].load(std::memory_order_relaxed);
  }
  std::chrono::nanoseconds sum() const noexcept {
    return std::chrono::nanoseconds{sum_ns_.load(std::memory_order_relaxed)};
  }

 private:
  std::array<std::atomic<std::uint64_t>, Size + 1> counts_{};
  std::atomic<std::int64_t> sum_ns_{0};
};

}  // namespace loopscope::metrics
