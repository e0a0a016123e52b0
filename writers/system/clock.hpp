// SPDX-License-Identifier: MIT

#pragma once

#include <time.h>

#include <chrono>

namespace loopscope::system {

constexpr std::chrono::nanoseconds to_nanoseconds(const timespec& time) noexcept {
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

/// A clock of the kernel, as clock_gettime(2) numbers them: CLOCK_THREAD_CPUTIME_ID, for example.
inline std::chrono::nanoseconds read_clock(clockid_t clock) noexcept {
  timespec time{};
  ::clock_gettime(clock, &time);
  return to_nanoseconds(time);
}

}  // namespace loopscope::system
