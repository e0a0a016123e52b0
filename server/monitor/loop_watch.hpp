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

class watched_loop;
struct stats_window;

/// The handler that the watchdog posts to a loop; when it runs, the loop is alive. Copyable; keeps what it needs alive.
class probe {
 public:
  explicit probe(std::shared_ptr<watched_loop> loop) noexcept : loop_(std::move(loop)) {}
  void operator()() const noexcept;

 private:
  std::shared_ptr<watched_loop> loop_;
};

/// How the monitor reaches a loop whose type it does not know. Both are called on the watchdog thread.
struct loop_hooks {
  /// Queues the probe behind the loop's ready handlers; thread-safe.
  std::function<void(probe)> post;
  /// Returns true when the loop is not running and is not about to run; thread-safe.
  std::function<bool()> stopped;
};

/// Figures of one loop since the reader was made or last read. Readers do not disturb one another.
///
/// Threads: one thread at a time per reader. Lifetime: may outlive the monitor; its figures then no longer change.
class interval_reader {
 public:
  explicit interval_reader(std::shared_ptr<watched_loop> loop);
  interval_reader(interval_reader&&) noexcept = default;
  interval_reader& operator=(interval_reader&& other) noexcept;
  ~interval_reader();

  /// Returns the window that ends now and starts the next one, in one step.
  window_figures read();

 private:
  std::shared_ptr<watched_loop> loop_;
  std::shared_ptr<stats_window> window_;
};

/// Watches one loop of any library; loop_monitor is the one for Asio.
///
/// This class includes no Asio header, so that a program may use the compiled library with any Asio macros.
/// Threads: all members may be called from any thread; none waits for the watched loop. Lifetime: the loop outlives
/// *this. The destructor waits for a check by the watchdog in progress, callbacks included. Do not call it from a
/// callback.
class loop_watch {
 public:
  loop_watch(loop_hooks hooks, options settings, std::shared_ptr<activity_slot> activities = {});
  loop_watch(const loop_watch&) = delete;
  loop_watch& operator=(const loop_watch&) = delete;
  ~loop_watch();

  /// Figures since the start, for metrics. Includes the stall in progress.
  monitor::snapshot snapshot() const;

  /// Returns a reader with its own window, for one run or one sampler.
  interval_reader interval() const { return interval_reader(loop_); }

  /// How long the loop has been stalled; zero when it is not stalled or does not run. Atomic loads only.
  std::chrono::nanoseconds stalled_for() const noexcept;

  /// The maximum lag of the last second, the stall in progress included; nullopt when none was measured.
  std::optional<std::chrono::nanoseconds> recent_lag() const;

  /// Newest first: the stall in progress, then at most options::recent_capacity ended ones.
  std::vector<stall_record> recent_stalls() const;

  /// Returns the id of the stall that may have delayed a request that is read now, else 0: one relaxed load. The id is
  /// returned from the moment the stall is found until options::settle_time after its end.
  std::uint64_t stall_to_blame() const noexcept;

  /// Records that a request had waited this long when the loop read it. It counts as delayed by the stall if the wait
  /// began before the stall ended.
  void note_delayed(std::uint64_t stall, std::chrono::nanoseconds waited) noexcept;

  /// Where requests are described; see activity_scope and attributed_executor.
  const std::shared_ptr<activity_slot>& activities() const noexcept;

 private:
  std::shared_ptr<class watchdog> watchdog_;
  std::shared_ptr<watched_loop> loop_;
};

/// How long ago the kernel received the last data of a TCP socket. Called right after a stall and before the next read,
/// it is the minimum time that the oldest unread request has waited.
///
/// Units: milliseconds, as coarse as the kernel's tick (1 to 10 ms). Errors: nullopt for anything but a TCP socket.
/// Cost: one system call; call it only when loop_watch::stall_to_blame() names a stall. Threads: any.
/// Source: tcpi_last_data_recv, tcp(7).
std::optional<std::chrono::milliseconds> unread_data_age(int socket_fd) noexcept;

}  // namespace loopscope::monitor
