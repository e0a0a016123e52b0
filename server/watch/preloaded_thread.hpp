// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "preload/watch_map.hpp"
#include "server/monitor/detect/loop_thread.hpp"

namespace loopscope::watch {

/// A thread of a watched program, by the words that the preloaded library writes for it.
///
/// The words belong to the program, which may write anything there: times that cannot be are taken for none. Threads:
/// as monitor::loop_thread; set_gone() on any. Lifetime: the map outlives it.
class preloaded_thread final : public monitor::loop_thread {
 public:
  /// id: in this process's PID namespace. The words have the thread's own.
  preloaded_thread(thread_words& words, const monitor::watched_thread& id);

  /// The words are still those of this thread.
  bool owns_words() const noexcept;
  /// The thread has ended, or runs another program since exec(2). was_killed: a signal has ended its process.
  void set_gone(bool was_killed) noexcept {
    if (was_killed) killed_.store(true, std::memory_order_relaxed);
    gone_.store(true, std::memory_order_release);
  }
  /// The place at which it waits for events; nullptr when there is none yet.
  const wait_site* loop_site() const noexcept;

  void await_end_of_turn(bool) noexcept override {}
  std::optional<ended_turn> take_ended_turn() noexcept override;
  turn current_turn() const noexcept override;
  duration take_max_turn() noexcept override { return duration{0}; }
  void set_waits_in_loop() noexcept override;
  std::uintptr_t wait_address() const noexcept override;

  monitor::watched_thread id() const noexcept override { return id_; }
  std::optional<duration> blocking_cpu() const override;
  time_point last_probe() const noexcept override { return {}; }
  bool gone() const noexcept override { return gone_.load(std::memory_order_acquire); }
  bool was_killed() const noexcept override { return killed_.load(std::memory_order_relaxed); }
  bool has_seat() const noexcept override { return true; }
  bool counted() const noexcept override { return true; }
  bool tells_waits() const noexcept override { return true; }
  bool inside() const noexcept override { return true; }
  void add_handler_times(monitor::handler_times& out) const noexcept override;

 private:
  bool is_possible(std::int64_t start, std::int64_t end) const noexcept;

  thread_words& words_;
  const monitor::watched_thread id_;
  const monitor::watched_thread own_id_;
  const std::int64_t claimed_at_;
  std::uint64_t taken_ = 0;
  std::atomic<bool> gone_{false};
  std::atomic<bool> killed_{false};
};

}  // namespace loopscope::watch
