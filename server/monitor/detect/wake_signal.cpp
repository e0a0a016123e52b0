// SPDX-License-Identifier: MIT

#include "wake_signal.hpp"

#include <time.h>

#include <cerrno>

namespace loopscope::monitor {

bool wake_signal::blocking_wait_until(std::chrono::steady_clock::time_point deadline) noexcept {
  const std::chrono::nanoseconds since_epoch = deadline.time_since_epoch();
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(since_epoch);
  const timespec until{whole.count(), (since_epoch - whole).count()};
  while (::sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &until) != 0) {
    if (errno == ETIMEDOUT) return false;
  }
  return true;
}

}  // namespace loopscope::monitor
