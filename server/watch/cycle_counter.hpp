// SPDX-License-Identifier: MIT

#pragma once

#include "server/watch/preload/watch_map.hpp"

namespace loopscope::watch {

/// How the cycle counter of this machine's CPUs stands to CLOCK_MONOTONIC, for 100 us: not above it, and less than 0.1
/// us below. All zero where the counter does not run on evenly at all times, or cannot be read. Takes some
/// milliseconds. Source: /proc/cpuinfo, flags constant_tsc and nonstop_tsc.
cycle_scale blocking_measure_cycles();

}  // namespace loopscope::watch
