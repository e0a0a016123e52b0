#pragma once

#include <sys/types.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "stall_record.hpp"
#include "stall_tracker.hpp"

namespace loopscope::monitor {

/// The words that a loop's thread and the watchdog exchange; nobody waits on either side.
///
/// Threads: answer() on the loop; arm(), forget_wait(), take_answer(), declare(), ended(), release() on
/// the watchdog; the rest anywhere.
class loop_pulse {
 public:
  using time_point = stall_tracker::time_point;

  struct identity {
    pid_t tid = 0;
    clockid_t cpu_clock = 0;
  };

  /// The probe's whole work. True when the watchdog waits for the end of a stall and should be woken.
  bool answer() noexcept;

  void arm(std::optional<time_point> blocked_since) noexcept;
  /// The loop does not run: nobody waits for the outstanding probe.
  void forget_wait() noexcept { blocked_since_ns_.store(0, std::memory_order_relaxed); }
  /// The answer to the probe last armed, once.
  std::optional<stall_tracker::answer> take_answer() noexcept;
  /// The thread that answered last; tid 0 before the first answer.
  identity thread() const noexcept;

  /// A stall with this id is in progress.
  void declare(std::uint64_t stall) noexcept;
  /// It is over; requests may still be blamed on it until release().
  void ended(time_point at) noexcept;
  void release() noexcept;

  std::uint64_t stall_to_blame() const noexcept { return blame_.load(std::memory_order_relaxed); }
  void note_delayed(std::uint64_t stall, std::chrono::nanoseconds waited, time_point now) noexcept;
  delayed_requests delayed() const noexcept;

  /// How long the outstanding probe has been waiting for the loop; zero when none is.
  std::chrono::nanoseconds blocked_for(time_point now) const noexcept;

 private:
  static std::int64_t to_ns(time_point t) noexcept { return t.time_since_epoch().count(); }
  static time_point from_ns(std::int64_t ns) noexcept { return time_point{std::chrono::nanoseconds{ns}}; }

  // 0 while the probe is outstanding; released after the words below, which it publishes.
  alignas(64) std::atomic<std::int64_t> answered_at_ns_{1};
  std::atomic<std::int64_t> cpu_ns_{0};
  std::atomic<pid_t> tid_{0};
  std::atomic<clockid_t> cpu_clock_{0};
  std::atomic<bool> wake_wanted_{false};

  alignas(64) std::atomic<std::int64_t> blocked_since_ns_{0};
  std::atomic<std::uint64_t> blame_{0};
  std::atomic<std::int64_t> ended_at_ns_{0};
  std::atomic<std::uint64_t> delayed_count_{0};
  std::atomic<std::int64_t> delayed_max_ns_{0};
  bool taken_ = true;
};

}  // namespace loopscope::monitor
