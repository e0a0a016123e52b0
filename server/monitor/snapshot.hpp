// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "handler_times.hpp"
#include "stall_record.hpp"

namespace loopscope::monitor {

/// Inclusive upper bounds of the cumulative lag buckets, in seconds.
inline constexpr std::array<double, 15> lag_bounds_s{0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                     0.1,    0.25,   0.5,   1.0,    2.5,   5.0,  10.0};

/// A distribution of lag: how long a handler posted at a deadline had to wait. Percentiles are exact to 2%; max, sum
/// and buckets are exact. All are nullopt or 0 while count is 0.
struct lag_figures {
  std::uint64_t count = 0;
  std::chrono::nanoseconds sum{0};
  std::optional<std::chrono::nanoseconds> p50, p90, p99, p999, max;
  /// Samples at or below lag_bounds_s[i].
  std::array<std::uint64_t, lag_bounds_s.size()> buckets{};
};

/// Figures of a loop since the monitor started or since the last interval_reader::read().
///
/// A stall in progress is part of every figure, with its duration so far. A stall that spans two windows counts in
/// both.
struct window_figures {
  std::chrono::nanoseconds elapsed{0};
  /// One sample per probe, as measured.
  lag_figures raw;
  /// One sample per deadline, corrected for coordinated omission. A late probe stands for the deadlines that passed
  /// meanwhile (value, value - interval, ...). A prompt one stands for the deadlines before it at which the loop was
  /// waiting for events and got no probe.
  lag_figures corrected;
  std::uint64_t stalls = 0;
  std::optional<std::chrono::nanoseconds> longest_stall;  ///< nullopt while stalls is 0
  /// CPU time of the loop's threads divided by elapsed; nullopt while the loop has not run.
  std::optional<double> cpu_share;
  /// Share of the deadlines at which a thread of the loop was not waiting for work, averaged over its threads.
  std::optional<double> busy_share;
};

struct verdict_counter {
  std::uint64_t stalls = 0;
  std::chrono::nanoseconds total{0};
};

/// A loop's figures since its monitor started. A value.
struct snapshot {
  /// The loop has run a handler, and its io_context is not stopped.
  bool running = false;
  window_figures total;
  /// For how long the loop as a whole has been stalled: none of its threads runs handlers. Zero when it is not.
  std::chrono::nanoseconds stalled_for{0};
  /// The threads that are known to run the loop, and those of them that are in a stall now.
  std::size_t threads = 0;
  std::size_t blocked_threads = 0;
  /// Sum of the durations of all stalls of all threads.
  std::chrono::nanoseconds capacity_lost{0};
  /// nullopt unless loop_monitor::run() runs the loop.
  std::optional<handler_times> handlers;
  /// Ended stalls by verdict: the index is static_cast<std::size_t>(verdict).
  std::array<verdict_counter, verdict_count> by_verdict{};
  std::uint64_t reports = 0;
  std::uint64_t reports_suppressed = 0;
  std::uint64_t callback_errors = 0;
  /// Activities that found no free record (options::activity_capacity).
  std::uint64_t activities_dropped = 0;
};

}  // namespace loopscope::monitor
