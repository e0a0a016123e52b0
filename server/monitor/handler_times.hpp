// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace loopscope::monitor {

/// Inclusive upper bounds of the buckets of handler times, in seconds.
inline constexpr std::array<double, 15> handler_bounds_s{
    0.000001, 0.000005, 0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0};

/// How long the handlers took that loop_monitor::run() has run. A value.
///
/// A handler that follows another one is measured by the steady clock. One that follows a wait for events is measured
/// by the CPU time of its thread, since nothing shows when the wait ended: if it sleeps, that sleep is missing.
struct handler_times {
  std::uint64_t count = 0;
  std::chrono::nanoseconds sum{0};
  std::chrono::nanoseconds max{0};
  /// Handlers at or below handler_bounds_s[i]; cumulative.
  std::array<std::uint64_t, handler_bounds_s.size()> buckets{};
};

}  // namespace loopscope::monitor
