// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>
#include <time.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "loop_thread.hpp"
#include "server/monitor/handler_times.hpp"
#include "wake_signal.hpp"

namespace loopscope::monitor {

/// The kernel's names of one thread.
struct thread_identity {
  pid_t tid = 0;
  clockid_t cpu_clock = 0;

  static thread_identity of_this_thread() noexcept;
  /// Of another thread of this process.
  static thread_identity of(pid_t tid) noexcept;
};

/// The atomic words that one thread of a loop of this process and the watchdog exchange. Neither side ever waits for
/// the other.
///
/// A turn is one handler of a counted run loop, or all that happens between enter() and leave(). Threads: the first
/// group of members on the slot's own thread, the others as in loop_thread.
class thread_slot final : public loop_thread {
 public:
  thread_slot(const thread_identity& identity, duration long_turn, std::shared_ptr<wake_signal> wake) noexcept;

  // The slot's thread.
  void enter() noexcept;
  void leave() noexcept;
  /// The run loop has no ready handler: the next turn begins with a wait.
  void before_wait() noexcept;
  /// A handler of the counted run loop has returned.
  void end_turn() noexcept;
  void set_counted() noexcept { counted_.store(true, std::memory_order_relaxed); }
  /// A probe runs on the thread.
  void note_probe() noexcept;
  /// After fork(), in the child.
  void set_identity(const thread_identity& identity) noexcept;
  /// The thread ends.
  void set_gone() noexcept { gone_.store(true, std::memory_order_release); }

  void await_end_of_turn(bool awaited) noexcept override { awaited_.store(awaited, std::memory_order_relaxed); }
  std::optional<ended_turn> take_ended_turn() noexcept override;
  turn current_turn() const noexcept override;
  duration take_max_turn() noexcept override;

  watched_thread id() const noexcept override;
  std::optional<duration> blocking_cpu() const override;
  time_point last_probe() const noexcept override { return from_ns(last_probe_ns_.load(std::memory_order_relaxed)); }
  bool gone() const noexcept override { return gone_.load(std::memory_order_acquire); }
  bool has_seat() const noexcept override { return seated_.load(std::memory_order_relaxed); }
  bool counted() const noexcept override { return counted_.load(std::memory_order_relaxed); }
  /// Between enter() and leave().
  bool inside() const noexcept override { return depth_.load(std::memory_order_relaxed) > 0; }
  void add_handler_times(handler_times& out) const noexcept override;

 private:
  static std::int64_t to_ns(time_point t) noexcept { return t.time_since_epoch().count(); }
  static time_point from_ns(std::int64_t ns) noexcept { return time_point{duration{ns}}; }
  static constexpr std::size_t ring_size = 8;

  void start_turn(time_point now) noexcept;
  void record(duration took) noexcept;
  void publish(const ended_turn& ended) noexcept;

  const duration long_turn_;
  const std::shared_ptr<wake_signal> wake_;
  std::atomic<pid_t> tid_;
  std::atomic<clockid_t> cpu_clock_;
  std::atomic<std::int64_t> last_probe_ns_{0};
  std::atomic<bool> gone_{false};
  std::atomic<bool> seated_{false};
  std::atomic<bool> counted_{false};
  std::atomic<bool> awaited_{false};

  // Written by the slot's thread only, so that an increment needs no atomic exchange.
  alignas(64) std::atomic<int> depth_{0};
  std::atomic<std::uint64_t> turn_{0};
  std::atomic<std::int64_t> turn_start_ns_{0};
  std::atomic<bool> waited_{false};
  std::atomic<std::int64_t> wait_ns_{0};
  std::atomic<std::int64_t> cpu_before_wait_ns_{0};
  std::atomic<std::int64_t> max_turn_ns_{0};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::int64_t> sum_ns_{0};
  std::atomic<std::int64_t> max_ns_{0};
  std::array<std::atomic<std::uint64_t>, handler_bounds_s.size() + 1> cells_{};
  std::array<ended_turn, ring_size> ended_;
  std::atomic<std::uint64_t> published_{0};
  alignas(64) std::atomic<std::uint64_t> taken_{0};
};

}  // namespace loopscope::monitor
