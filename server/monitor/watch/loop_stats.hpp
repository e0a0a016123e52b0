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
#include "server/monitor/detect/heartbeat.hpp"
#include "server/monitor/detect/stall_tracker.hpp"
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
  stall_tracker::time_point start{};
  std::optional<std::chrono::nanoseconds> cpu_at_start;
};

/// The figures and the recent stalls of one loop, for any number of independent readers.
///
/// Threads: any. The lock is held for microseconds and never while anything blocks. The watched loop takes it only when
/// it reads figures itself.
class loop_stats {
 public:
  using time_point = stall_tracker::time_point;

  loop_stats(std::chrono::nanoseconds interval, std::size_t recent_capacity, const heartbeat& heartbeat);

  // For the watchdog.
  /// The loop runs on a thread not known before. Its CPU time counts from now on.
  void on_new_thread();
  void add_lag(const stall_tracker::lag_sample& sample, time_point now);
  void add_deadline(bool busy);
  /// Stores the record of the stall in progress.
  void set_open_stall(stall_record stall, std::optional<time_point> lag_since, time_point start);
  /// Counts the stall in progress as ended.
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
  /// The maximum lag of the last second; nullopt when none was measured.
  std::optional<std::chrono::nanoseconds> max_recent_lag(time_point now) const;

 private:
  struct open_stall {
    stall_record record;
    std::optional<time_point> lag_since;
    time_point start;
  };

  window_figures figures(const stats_window& window, time_point now) const;
  std::optional<std::chrono::nanoseconds> thread_cpu() const;
  template <class Change>
  void change_windows(Change change);

  const std::chrono::nanoseconds interval_;
  const std::size_t recent_capacity_;
  const heartbeat& heartbeat_;

  mutable std::mutex mutex_;
  stats_window total_;
  recent_lag recent_lag_;
  std::vector<std::shared_ptr<stats_window>> windows_;
  std::array<verdict_counter, verdict_count> by_verdict_{};
  std::optional<open_stall> open_;
  std::deque<stall_record> recent_;
};

}  // namespace loopscope::monitor
