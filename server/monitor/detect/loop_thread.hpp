// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>
#include <time.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "server/monitor/handler_times.hpp"
#include "watched_thread.hpp"

namespace loopscope::monitor {

/// A thread of a loop, with what it tells about itself: of this process (thread_slot) or of another one.
///
/// A *turn* is what a thread does between two signs of life that it gives itself: one handler of a counted run loop,
/// or all that happens between two waits. Threads: the first group on the watchdog, the second on any thread.
class loop_thread {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::nanoseconds;

  /// A turn that was long, or that the watchdog waited for.
  struct ended_turn {
    std::uint64_t number = 0;
    std::optional<time_point> start;  ///< nullopt when the thread had waited for events before it
    time_point end{};
    duration took{0};               ///< since start, or the CPU time since the wait
    std::optional<duration> cpu;    ///< total of the thread at the end; nullopt when it does not say that
    bool may_include_wait = false;  ///< it waited on a condition variable, which may be the loop's own
  };
  /// What a thread had done when it began to wait for events.
  struct wait_begin {
    time_point time{};
    duration cpu{0};
  };
  struct turn {
    std::uint64_t number = 0;
    std::optional<time_point> start;  ///< nullopt when the thread waits for events, or waited in this turn
    std::optional<wait_begin> wait;   ///< of a counted run loop, when it waits or waited in this turn

    bool operator==(const turn& other) const noexcept { return number == other.number && start == other.start; }
  };

  virtual ~loop_thread() = default;

  // The watchdog.
  /// The end of the present turn shall be published however short the turn is.
  virtual void await_end_of_turn(bool awaited) noexcept = 0;
  virtual std::optional<ended_turn> take_ended_turn() noexcept = 0;
  virtual turn current_turn() const noexcept = 0;
  /// The maximum since the last call.
  virtual duration take_max_turn() noexcept = 0;
  /// The condition variable on which it sleeps now is the loop's own, which it did not know.
  virtual void set_waits_in_loop() noexcept {}
  /// Where its wait for events returns to; 0 when it does not say.
  virtual std::uintptr_t wait_address() const noexcept { return 0; }

  // Any thread.
  virtual watched_thread id() const noexcept = 0;
  virtual std::optional<duration> blocking_cpu() const = 0;
  /// When the last probe ran on the thread; the clock's epoch before that.
  virtual time_point last_probe() const noexcept = 0;
  virtual bool gone() const noexcept = 0;
  /// It is gone because a signal has ended its process.
  virtual bool was_killed() const noexcept { return false; }
  /// The thread said that it runs the loop.
  virtual bool has_seat() const noexcept = 0;
  /// Each of its turns is one handler, or all handlers between two waits.
  virtual bool counted() const noexcept = 0;
  /// It says when it waits: a turn has a start if and only if the thread does not.
  virtual bool tells_waits() const noexcept { return false; }
  /// With a seat: the thread runs the loop now.
  virtual bool inside() const noexcept = 0;
  virtual void add_handler_times(handler_times& out) const noexcept = 0;

 protected:
  loop_thread() = default;
  loop_thread(const loop_thread&) = default;
  loop_thread& operator=(const loop_thread&) = default;
};

}  // namespace loopscope::monitor
