// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "lag.hpp"
#include "server/monitor/detect/probe_schedule.hpp"
#include "server/monitor/detect/thread_roster.hpp"
#include "server/monitor/snapshot.hpp"

namespace loopscope::monitor {

/// The running totals of one window. Guarded by the mutex of its loop_stats.
struct stats_window {
  lag_histogram raw;
  lag_histogram corrected;
  std::uint64_t stalls = 0;
  std::chrono::nanoseconds max_stall{0};
  std::uint64_t deadlines = 0;
  std::uint64_t busy_deadlines = 0;
  std::chrono::steady_clock::time_point start{};
  std::chrono::nanoseconds cpu_at_start{0};
};

/// The figures and the recent stalls of one loop, for any number of independent readers.
///
/// Threads: any. The lock is held for microseconds and never while anything blocks. The watched loop takes it only when
/// it reads figures itself.
class loop_stats {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  loop_stats(std::chrono::nanoseconds interval, std::size_t recent_capacity, const thread_roster& roster);

  // For the watchdog.
  void add_lag(const probe_schedule::lag_sample& sample, time_point now);
  /// At a deadline this many of the loop's threads were busy.
  void add_deadline(std::size_t busy, std::size_t threads);
  /// Stores the record of a stall in progress.
  void set_open_stall(stall_record stall);
  /// The stall in progress with this id was none.
  void drop_open_stall(std::uint64_t id);
  /// Since when the outstanding probe is late; nullopt when none is.
  void set_lag_since(std::optional<time_point> lag_since);
  /// Counts the stall in progress with this id as ended.
  void add_ended_stall(stall_record stall);
  /// Replaces the record of an ended stall by a more complete one.
  void update_ended_stall(const stall_record& stall);

  // For readers.
  std::shared_ptr<stats_window> open_window(time_point now);
  window_figures read(const std::shared_ptr<stats_window>& window, time_point now);
  void close_window(const std::shared_ptr<stats_window>& window);
  window_figures total(time_point now) const;
  std::array<verdict_counter, verdict_count> by_verdict() const;
  std::vector<stall_record> recent_stalls() const;
  /// Time of all threads in stalls, those in progress included.
  std::chrono::nanoseconds time_in_stalls(time_point now) const;
  /// The maximum lag of the last second; nullopt when none was measured.
  std::optional<std::chrono::nanoseconds> max_recent_lag(time_point now) const;

 private:
  window_figures figures(const stats_window& window, time_point now) const;
  template <class Change>
  void change_windows(Change change);

  const std::chrono::nanoseconds interval_;
  const std::size_t recent_capacity_;
  const thread_roster& roster_;

  mutable std::mutex mutex_;
  stats_window total_;
  recent_lag recent_lag_;
  std::vector<std::shared_ptr<stats_window>> windows_;
  std::array<verdict_counter, verdict_count> by_verdict_{};
  std::vector<stall_record> open_;  // one per stalled thread
  std::optional<time_point> lag_since_;
  std::deque<stall_record> recent_;
};

}  // namespace loopscope::monitor
