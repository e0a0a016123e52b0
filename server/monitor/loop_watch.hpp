#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "activity.hpp"
#include "options.hpp"
#include "snapshot.hpp"
#include "stall_record.hpp"

namespace loopscope::monitor {

class loop_core;
struct window;

/// The handler that is posted to a loop to see whether it answers. Copyable; keeps what it needs alive.
class probe {
 public:
  explicit probe(std::shared_ptr<loop_core> core) noexcept : core_(std::move(core)) {}
  void operator()() const noexcept;

 private:
  std::shared_ptr<loop_core> core_;
};

/// How the monitor reaches a loop whose type it does not know. Both are called on the watchdog thread.
struct loop_hooks {
  /// Queues the probe behind the loop's ready handlers; thread-safe.
  std::function<void(probe)> post;
  /// The loop is not running now and not about to; thread-safe.
  std::function<bool()> stopped;
};

/// Figures of one loop since the reader was made or last read; readers do not disturb one another.
///
/// Threads: one reader from one thread at a time. Lifetime: may outlive the monitor; figures then stand
/// still.
class interval_reader {
 public:
  explicit interval_reader(std::shared_ptr<loop_core> core);
  interval_reader(interval_reader&&) noexcept = default;
  interval_reader& operator=(interval_reader&& other) noexcept;
  ~interval_reader();

  /// Returns the window that ends now and starts the next, as one step.
  window_figures read();

 private:
  std::shared_ptr<loop_core> core_;
  std::shared_ptr<window> window_;
};

/// Watches one loop, of any library; see loop_monitor for Asio's.
///
/// Threads: all members from any thread; none waits for the watched loop. Lifetime: the loop outlives *this.
/// The destructor waits for a look of the watchdog under way, callbacks included; it is not to be called from
/// one.
class loop_watch {
 public:
  loop_watch(loop_hooks hooks, options settings, std::shared_ptr<activity_slot> activities = {});
  loop_watch(const loop_watch&) = delete;
  loop_watch& operator=(const loop_watch&) = delete;
  ~loop_watch();

  /// Figures since the start, for metrics. Includes the stall in progress.
  monitor::snapshot snapshot() const;

  /// A reader of its own, for a run or a sampler.
  interval_reader interval() const { return interval_reader(core_); }

  /// How long the loop has been stalled; zero when it is not (yet), or does not run. Atomic loads only.
  std::chrono::nanoseconds stalled_for() const noexcept;

  /// The worst lag of the last second, the stall in progress included; nullopt when none was measured in it.
  std::optional<std::chrono::nanoseconds> recent_lag() const;

  /// Newest first, the one in progress included, at most options::recent_capacity and that one.
  std::vector<stall_record> recent_stalls() const;

  /// The stall that a request read now may have waited for, or 0: one relaxed load. It is given from the time
  /// that the stall is found until options::settle_time after its end.
  std::uint64_t stall_to_blame() const noexcept;

  /// A request had been waiting for so long when the loop came to it. Counts when that was before the stall
  /// ended.
  void note_delayed(std::uint64_t stall, std::chrono::nanoseconds waited) noexcept;

  /// Where requests are described; see activity_scope and attributed_executor.
  const std::shared_ptr<activity_slot>& activities() const noexcept;

 private:
  std::shared_ptr<class watchdog> watchdog_;
  std::shared_ptr<loop_core> core_;
};

}  // namespace loopscope::monitor
