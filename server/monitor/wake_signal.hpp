#pragma once

#include <semaphore.h>

#include <cerrno>
#include <chrono>

namespace loopscope::monitor {

/// What the watchdog sleeps on.
///
/// Threads: post() from any, and from signal handlers; the rest on the watchdog. Lifetime: shared by the watchdog and
/// by whoever may wake it, since a probe may run on its loop when the last monitor is gone.
class wake_signal {
 public:
  wake_signal() { ::sem_init(&semaphore_, 0, 0); }
  ~wake_signal() { ::sem_destroy(&semaphore_); }
  wake_signal(const wake_signal&) = delete;
  wake_signal& operator=(const wake_signal&) = delete;

  void post() noexcept { ::sem_post(&semaphore_); }

  /// True when woken before `due`.
  bool blocking_wait_until(std::chrono::steady_clock::time_point due) noexcept {
    const auto since_epoch = due.time_since_epoch();
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(since_epoch);
    const timespec until{whole.count(), std::chrono::nanoseconds{since_epoch - whole}.count()};
    while (::sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &until) != 0) {
      if (errno == ETIMEDOUT) return false;
    }
    return true;
  }

 private:
  sem_t semaphore_;
};

}  // namespace loopscope::monitor
