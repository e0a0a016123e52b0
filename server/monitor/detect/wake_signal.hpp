// SPDX-License-Identifier: MIT

#pragma once

#include <semaphore.h>

#include <chrono>

namespace loopscope::monitor {

/// What the watchdog sleeps on.
///
/// Threads: post() from any thread and from signal handlers; blocking_wait_until() on the watchdog. Lifetime: shared by
/// the watchdog and everyone who may wake it, since a probe may run after the last monitor was destroyed.
class wake_signal {
 public:
  wake_signal() { ::sem_init(&semaphore_, 0, 0); }
  ~wake_signal() { ::sem_destroy(&semaphore_); }
  wake_signal(const wake_signal&) = delete;
  wake_signal& operator=(const wake_signal&) = delete;

  void post() noexcept { ::sem_post(&semaphore_); }

  /// Returns true when woken before the deadline.
  bool blocking_wait_until(std::chrono::steady_clock::time_point deadline) noexcept;

 private:
  sem_t semaphore_;
};

}  // namespace loopscope::monitor
