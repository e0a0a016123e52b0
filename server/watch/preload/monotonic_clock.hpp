// SPDX-License-Identifier: MIT

#pragma once

#include <cstdint>
#include <ctime>

#include "server/watch/preload/watch_map.hpp"

namespace loopscope::watch {

/// CLOCK_MONOTONIC, read through the vDSO where the kernel has one.
inline std::int64_t monotonic_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

/// The same for one thread. A reading through the vDSO costs more than all else that is done in a wait, so between two
/// of them, for as long as the scale says, the thread counts cycles of its CPU instead. On a CPU without the scale each
/// reading is the vDSO's. Threads: one; the time that now() returns after a signal handler interrupted it may be wrong
/// by what the handler took.
class thread_clock {
 public:
  constexpr thread_clock() noexcept = default;
  constexpr explicit thread_clock(const cycle_scale& scale) noexcept : scale_{scale} {}

  std::int64_t now() noexcept {
#if defined(__x86_64__)
    const std::uint64_t cycles = __builtin_ia32_rdtsc() - read_at_;  // huge where another CPU's counter is behind
    if (cycles < scale_.max_cycles) [[likely]]
      return read_ + static_cast<std::int64_t>((cycles * scale_.ns_per_cycle) >> 32U);
    const auto before = __builtin_ia32_rdtsc();
    read_ = monotonic_ns();
    const auto after = __builtin_ia32_rdtsc();
    // A thread that was interrupted in between would count from too late on, and be behind by all that time.
    read_at_ = after - before < scale_.max_cycles / 128 ? after : never;
    return read_;
#else
    return monotonic_ns();
#endif
  }

 private:
  static constexpr std::uint64_t never = 0;
  cycle_scale scale_{};
  std::uint64_t read_at_ = never;  ///< in cycles
  std::int64_t read_ = 0;
};

}  // namespace loopscope::watch
