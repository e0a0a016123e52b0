#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "lag_histogram.hpp"
#include "loop_pulse.hpp"
#include "recent_lag.hpp"
#include "snapshot.hpp"
#include "stall_tracker.hpp"

namespace loopscope::monitor {

/// The running totals of one window. Guarded by its book.
struct window {
  lag_histogram raw;
  lag_histogram corrected;
  std::uint64_t stalls = 0;
  std::chrono::nanoseconds longest_stall{0};
  std::uint64_t deadlines = 0;
  std::uint64_t busy_deadlines = 0;
  stall_tracker::time_point since{};
  std::optional<std::chrono::nanoseconds> cpu_at_start;
};

/// What one loop's monitor has counted, for any number of independent readers.
///
/// Threads: any. The lock is held for microseconds, never while anything blocks, and the watched loop takes
/// it only when it reads figures itself.
class loop_book {
 public:
  using time_point = stall_tracker::time_point;

  loop_book(std::chrono::nanoseconds interval, std::size_t recent_capacity, const loop_pulse& pulse);

  // The watchdog's side.
  /// The loop runs on a thread not seen before; its CPU time counts from now.
  void loop_started();
  void add_lag(const stall_tracker::lag_sample& sample, time_point now);
  void add_deadline(bool busy);
  void set_open(std::optional<stall_record> stall, std::optional<time_point> lag_since, time_point start);
  void add_ended(stall_record stall);
  /// Replaces the record of an ended stall by a more complete one.
  void complete(const stall_record& stall);

  // The readers' side.
  std::shared_ptr<window> open_window(time_point now);
  window_figures read(const std::shared_ptr<window>& w, time_point now);
  void close_window(const std::shared_ptr<window>& w);
  window_figures total(time_point now) const;
  std::array<verdict_counter, verdict_count> by_verdict() const;
  std::vector<stall_record> recent() const;
  /// The worst lag of the last second; nullopt when none was measured.
  std::optional<std::chrono::nanoseconds> worst_recent_lag(time_point now) const;

 private:
  struct open_stall {
    stall_record record;
    std::optional<time_point> lag_since;
    time_point start;
  };

  window_figures figures(const window& w, time_point now) const;
  std::optional<std::chrono::nanoseconds> thread_cpu() const;
  template <class Change>
  void change_windows(Change change);

  const std::chrono::nanoseconds interval_;
  const std::size_t recent_capacity_;
  const loop_pulse& pulse_;

  mutable std::mutex mutex_;
  window total_;
  recent_lag recent_lag_;
  std::vector<std::shared_ptr<window>> windows_;
  std::array<verdict_counter, verdict_count> by_verdict_{};
  std::optional<open_stall> open_;
  std::deque<stall_record> recent_;
};

}  // namespace loopscope::monitor
