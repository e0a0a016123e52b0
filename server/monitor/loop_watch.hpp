// SPDX-License-Identifier: MIT

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

class thread_slot;
class loop_watch;
class watched_loop;
struct stats_window;

/// The handler that the watchdog posts to a loop; when it runs, the loop is alive. Copyable; keeps what it needs alive.
class probe {
 public:
  enum class purpose : std::uint8_t {
    beat,         ///< shows that the loop is alive
    introduction  ///< shows which thread has run it
  };

  probe(std::shared_ptr<watched_loop> loop, purpose why) noexcept : loop_(std::move(loop)), purpose_(why) {}
  void operator()() const noexcept;

 private:
  std::shared_ptr<watched_loop> loop_;
  purpose purpose_;
};

/// Addresses from begin to before end; empty when unknown.
struct memory_range {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;

  bool contains(std::uint64_t address) const noexcept { return address >= begin && address < end; }
};

/// How the monitor reaches a loop whose type it does not know. Functions are called on the watchdog thread; an
/// exception that they throw is counted (snapshot::callback_errors).
struct loop_hooks {
  /// Queues the probe behind the loop's ready handlers; thread-safe.
  std::function<void(probe)> post;
  /// Returns true when the loop is not running and is not about to run; thread-safe.
  std::function<bool()> stopped;
  /// The object on whose condition variable idle threads of the loop wait. If it is unknown, a thread that sleeps on a
  /// futex is never blamed while other threads run the loop, too.
  memory_range scheduler{};
  /// Whether the loop waits for events in this descriptor; nullopt when that cannot be said. Without it, every wait for
  /// events by a thread that is known to run the loop counts as the loop's, unless it is deeper on the stack than
  /// another one.
  std::function<std::optional<bool>(int)> owns_event_queue{};
  /// Queues the probe so that the thread which waits for events runs it; thread-safe. Without it, that thread may get
  /// no signal stack until it runs a probe by chance, and then the monitor has no stack of it while it runs.
  std::function<void(probe)> post_to_waiting_thread{};
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

/// Says that the calling thread runs a loop, from the constructor to the destructor.
///
/// Put one around run(), or around each call of poll(), so that the monitor knows the thread from the start, and knows
/// when it is busy elsewhere. Seats nest. Cost: some stores. Threads: made, used and destroyed on one thread. Lifetime:
/// may outlive the monitor.
class thread_seat {
 public:
  explicit thread_seat(loop_watch& watch);
  thread_seat(const thread_seat&) = delete;
  thread_seat& operator=(const thread_seat&) = delete;
  ~thread_seat();

  /// For a run loop that counts its handlers. It calls start_counting() once, before_wait() before it waits for the
  /// next handler, and end_turn() after each handler. So one long handler is told from many short ones.
  void start_counting() noexcept;
  void before_wait() noexcept;
  void end_turn() noexcept;

 private:
  std::shared_ptr<watched_loop> loop_;
  thread_slot& slot_;
};

/// Watches one loop of any library; loop_monitor is the one for Asio.
///
/// This class includes no Asio header, so that a program may use the compiled library with any Asio macros.
/// Threads: all members may be called from any thread; none waits for the watched loop. Lifetime: the loop outlives
/// *this. The destructor waits for a check by the watchdog in progress, callbacks included. Do not call it from a
/// callback.
class loop_watch {
 public:
  /// Throws std::invalid_argument for options that make no sense, std::system_error when a thread cannot be started.
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

  /// Returns a guard that says that the calling thread runs the loop. See thread_seat.
  [[nodiscard]] thread_seat join_thread() { return thread_seat(*this); }

  /// Where requests are described; see activity_scope and attributed_executor.
  const std::shared_ptr<activity_slot>& activities() const noexcept;

 protected:
  /// Watches a part of a loop, which has no threads of its own: a strand. Lifetime: see the whole one.
  loop_watch(loop_hooks hooks, options settings, const loop_watch& whole);
  watched_loop& loop() const noexcept { return *loop_; }

 private:
  friend class thread_seat;

  std::shared_ptr<class watchdog> watchdog_;
  std::shared_ptr<class explainer> explainer_;
  std::shared_ptr<class reporter> reporter_;
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
