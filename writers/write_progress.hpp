// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace loopscope::writers {

/// What a write under way has done so far, and the extremes that its report names.
///
/// Units: records, payload bytes, steady-clock durations.
/// Threads: one writes at a time (the loop, or the pool thread of offload); any may read.
class write_progress {
 public:
  using clock = std::chrono::steady_clock;

  void started() noexcept { store(started_at_, clock::now().time_since_epoch().count()); }
  /// Accepted by the writer and not yet by the kernel.
  void pending(std::uint64_t records, std::uint64_t bytes) noexcept {
    store(pending_records_, records);
    store(pending_bytes_, bytes);
    if (records > load(pending_peak_records_)) store(pending_peak_records_, records);
    if (bytes > load(pending_peak_bytes_)) store(pending_peak_bytes_, bytes);
  }
  void written(std::uint64_t records_in_all) noexcept { store(written_records_, records_in_all); }
  /// The last record has been handed over: when a timer in the wrong place would stop.
  void all_queued() noexcept { store(queued_after_, elapsed().count()); }
  void drained(std::chrono::nanoseconds waited) noexcept {
    store(drains_, load(drains_) + 1);
    store(waited_, load(waited_) + waited.count());
  }

  clock::duration elapsed() const noexcept {
    return clock::now().time_since_epoch() - clock::duration{load(started_at_)};
  }
  std::uint64_t written_records() const noexcept { return load(written_records_); }
  std::uint64_t pending_records() const noexcept { return load(pending_records_); }
  std::uint64_t pending_bytes() const noexcept { return load(pending_bytes_); }
  std::uint64_t pending_peak_records() const noexcept { return load(pending_peak_records_); }
  std::uint64_t pending_peak_bytes() const noexcept { return load(pending_peak_bytes_); }
  std::uint64_t drains() const noexcept { return load(drains_); }
  std::chrono::nanoseconds waited() const noexcept { return std::chrono::nanoseconds{load(waited_)}; }
  std::optional<clock::duration> queued_after() const noexcept {
    const auto ticks = load(queued_after_);
    return ticks < 0 ? std::nullopt : std::optional{clock::duration{ticks}};
  }

 private:
  template <class T>
  static T load(const std::atomic<T>& value) noexcept {
    return value.load(std::memory_order_relaxed);
  }
  template <class T>
  static void store(std::atomic<T>& value, T next) noexcept {
    value.store(next, std::memory_order_relaxed);
  }

  std::atomic<std::int64_t> started_at_{0};
  std::atomic<std::int64_t> queued_after_{-1};
  std::atomic<std::uint64_t> written_records_{0};
  std::atomic<std::uint64_t> pending_records_{0}, pending_bytes_{0};
  std::atomic<std::uint64_t> pending_peak_records_{0}, pending_peak_bytes_{0};
  std::atomic<std::uint64_t> drains_{0};
  std::atomic<std::int64_t> waited_{0};
};

}  // namespace loopscope::writers
