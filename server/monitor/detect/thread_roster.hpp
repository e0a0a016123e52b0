// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "thread_slot.hpp"

namespace loopscope::monitor {

/// The threads that run one loop: those that said so, those that a probe has run on, and those that were found waiting.
///
/// Threads: any. The lock is held for a few instructions; a loop's thread takes it once, when it joins. Lifetime: a
/// slot outlives both its thread and its roster.
class thread_roster {
 public:
  thread_roster(std::chrono::nanoseconds long_turn, std::shared_ptr<wake_signal> wake);
  thread_roster(const thread_roster&) = delete;
  thread_roster& operator=(const thread_roster&) = delete;

  /// The slot of the calling thread, which joins the roster with its first call.
  thread_slot& slot_of_this_thread();

  /// A thread of this process was found to run the loop.
  void add(const thread_identity& found);
  /// A thread of another process.
  void add(std::shared_ptr<loop_thread> found);

  using members = std::vector<std::shared_ptr<loop_thread>>;
  /// In the order in which they joined.
  members threads() const;
  std::size_t size() const;
  void remove(const loop_thread& thread);
  /// Only the calling thread is left, with another id.
  void on_fork_in_child();

  /// CPU time of the threads since each of them joined; nullopt while there has been none.
  std::optional<std::chrono::nanoseconds> cpu() const;
  /// Of all threads, those that have left included.
  handler_times times_of_handlers() const;
  bool is_counted() const;

 private:
  std::shared_ptr<loop_thread> find_or_add(const thread_identity& identity);

  struct member {
    std::shared_ptr<loop_thread> thread;
    std::chrono::nanoseconds cpu_at_start{0};
  };

  const std::uint64_t id_;
  const std::chrono::nanoseconds long_turn_;
  const std::shared_ptr<wake_signal> wake_;
  mutable std::mutex mutex_;
  std::vector<member> members_;
  bool has_members_ = false;
  handler_times times_of_former_;
  mutable std::chrono::nanoseconds max_cpu_{0};  // the sum must not fall when a thread ends
};

}  // namespace loopscope::monitor
