#pragma once

#include <semaphore.h>
#include <sys/types.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "server/monitor/stall_record.hpp"
#include "stall_tracker.hpp"

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

/// The atomic words that a loop's thread and the watchdog exchange. Neither side ever waits for the other.
///
/// Threads: beat() on the loop; arm(), clear_blocked_since(), take_beat(), stall_began(), stall_ended() and
/// stop_blaming() on the watchdog; the others on any thread.
class heartbeat {
 public:
  using time_point = stall_tracker::time_point;

  struct thread_identity {
    pid_t tid = 0;
    clockid_t cpu_clock = 0;
  };

  explicit heartbeat(std::shared_ptr<wake_signal> wake) noexcept : wake_(std::move(wake)) {}

  /// All that the probe does. Wakes the watchdog if that waits for the end of a stall.
  void beat() noexcept;

  /// A probe is about to be posted.
  void arm(std::optional<time_point> blocked_since) noexcept;
  /// The loop does not run, so that an outstanding probe says nothing about it.
  void clear_blocked_since() noexcept { blocked_since_ns_.store(0, std::memory_order_relaxed); }
  /// Returns the beat of the probe that was last armed, once.
  std::optional<stall_tracker::beat> take_beat() noexcept;
  /// The thread of the last beat; tid is 0 before the first one.
  thread_identity thread() const noexcept;

  /// The stall with this id is in progress.
  void stall_began(std::uint64_t stall) noexcept;
  /// It is over. Requests may still be counted as delayed by it until stop_blaming().
  void stall_ended(time_point end) noexcept;
  void stop_blaming() noexcept;

  std::uint64_t stall_to_blame() const noexcept { return stall_to_blame_.load(std::memory_order_relaxed); }
  void note_delayed(std::uint64_t stall, std::chrono::nanoseconds waited, time_point now) noexcept;
  delayed_requests delayed() const noexcept;

  /// How long the loop has been blocked while a probe is outstanding; zero when none is.
  std::chrono::nanoseconds blocked_for(time_point now) const noexcept;
  /// How long it was blocked until the last probe ran, or has been blocked while that is outstanding. Known from the
  /// moment the probe runs, before the watchdog has taken its beat.
  std::chrono::nanoseconds last_blocked_for(time_point now) const noexcept;

 private:
  static std::int64_t to_ns(time_point t) noexcept { return t.time_since_epoch().count(); }
  static time_point from_ns(std::int64_t ns) noexcept { return time_point{std::chrono::nanoseconds{ns}}; }

  const std::shared_ptr<wake_signal> wake_;

  // 0 while the probe is outstanding. Stored with release after the words below, which it publishes.
  alignas(64) std::atomic<std::int64_t> beat_at_ns_{1};
  std::atomic<std::int64_t> cpu_ns_{0};
  std::atomic<pid_t> tid_{0};
  std::atomic<clockid_t> cpu_clock_{0};
  std::atomic<bool> wake_wanted_{false};

  alignas(64) std::atomic<std::int64_t> blocked_since_ns_{0};
  std::atomic<std::uint64_t> stall_to_blame_{0};
  std::atomic<std::int64_t> stall_end_ns_{0};
  std::atomic<std::uint64_t> delayed_count_{0};
  std::atomic<std::int64_t> delayed_max_ns_{0};
  bool beat_taken_ = true;
};

}  // namespace loopscope::monitor
