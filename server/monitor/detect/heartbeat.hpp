// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "server/monitor/stall_record.hpp"
#include "stall_tracker.hpp"
#include "wake_signal.hpp"

namespace loopscope::monitor {

/// The atomic words that a loop's thread and the watchdog exchange. Neither side ever waits for the other.
///
/// Threads: beat() on the loop; arm(), clear_blocked_since(), take_beat(), stall_began(), stall_ended() and
/// stop_blaming() on the watchdog; the others on any thread.
class heartbeat {
 public:
  using time_point = stall_tracker::time_point;

  struct probe_beat : stall_tracker::beat {
    pid_t tid = 0;
  };

  explicit heartbeat(std::shared_ptr<wake_signal> wake) noexcept : wake_(std::move(wake)) {}

  /// What the probe does on the thread with this id. Wakes the watchdog if that waits for the end of a stall.
  void beat(pid_t tid) noexcept;

  /// A probe is about to be posted.
  void arm(std::optional<time_point> blocked_since) noexcept;
  /// The loop does not run, so that an outstanding probe says nothing about it.
  void clear_blocked_since() noexcept { blocked_since_ns_.store(0, std::memory_order_relaxed); }
  /// Returns the beat of the probe that was last armed, once.
  std::optional<probe_beat> take_beat() noexcept;

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
  std::atomic<bool> wake_wanted_{false};

  alignas(64) std::atomic<std::int64_t> blocked_since_ns_{0};
  std::atomic<std::uint64_t> stall_to_blame_{0};
  std::atomic<std::int64_t> stall_end_ns_{0};
  std::atomic<std::uint64_t> delayed_count_{0};
  std::atomic<std::int64_t> delayed_max_ns_{0};
  bool beat_taken_ = true;
};

}  // namespace loopscope::monitor
