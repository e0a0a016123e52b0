#pragma once

#include <cstdint>
#include <ctime>

namespace loopscope::watch {

/// CLOCK_MONOTONIC, read through the vDSO where the kernel has one.
inline std::int64_t monotonic_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace loopscope::watch
