// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "writers/write_run.hpp"

namespace loopscope::runs {

/// What all writes together may take of this machine, and when none may start.
struct run_limits {
  std::uint64_t max_count = 100'000'000;
  std::size_t max_writes = 8;
  std::uint64_t max_pending_bytes = 256ULL << 20;
  std::uint64_t max_output_bytes = 4ULL << 30;
  std::optional<std::chrono::microseconds> shed_lag = {};  ///< no write starts on a loop with more lag; nullopt: off
};

/// What one write will take, known before it starts.
struct run_cost {
  std::uint64_t pending_bytes = 0;  ///< memory for waiting records, or for reading them back
  std::uint64_t output_bytes = 0;   ///< disk
};

run_cost estimate(const writers::write_request& request) noexcept;

/// Why a write may not start.
struct refusal {
  enum class cause {
    over_limit,     ///< the write alone needs more than a limit allows
    too_many,       ///< it has to wait until another write has ended
    loop_behind,    ///< it has to wait until the loop has caught up
    shutting_down,  ///< the service starts no more writes
  };
  cause why;
  std::string_view limit_name{};  ///< the flag; empty when shutting down
  std::uint64_t estimate = 0;     ///< in the unit of the limit; nanoseconds of lag for loop_behind
  std::uint64_t limit = 0;
  std::string_view parameter{};  ///< the parameter that the client could lower, for over_limit
};

/// Decides whether a write may start: limits, concurrency, lag of the loop, shutdown. Plain state; no clock, no I/O.
///
/// Threads: one at a time.
class admission {
 public:
  explicit admission(const run_limits& limits) : limits_(limits) {}

  /// nullopt: the write may start, and its cost is taken until release().
  /// `recent_lag`: the largest lag of the loop's last second; nullopt, a loop without a measurement, refuses nothing.
  std::optional<refusal> admit(const writers::write_request& request,
                               std::optional<std::chrono::nanoseconds> recent_lag) noexcept;
  void release(const writers::write_request& request) noexcept;
  /// From now on every write is refused.
  void close() noexcept { closed_ = true; }

  const run_limits& limits() const noexcept { return limits_; }

 private:
  std::optional<refusal> exceeds(const writers::write_request& request, const run_cost& cost) const noexcept;

  run_limits limits_;
  std::size_t running_ = 0;
  run_cost taken_;
  bool closed_ = false;
};

}  // namespace loopscope::runs
