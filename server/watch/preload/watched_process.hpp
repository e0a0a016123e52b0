// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <cstdint>

#include "server/watch/preload/watch_map.hpp"

namespace loopscope::watch {

/// The process and the memory that it shares with the watcher. There is none before the constructor of the library, nor
/// where the memory cannot be had: then all calls are passed on.
///
/// What belongs to this process alone lies on a page that the kernel clears in a child, made by fork(2) or by clone(2)
/// without CLONE_VM: so a child notices that it is another process without a system call. It registers itself when it
/// first waits for events. A child that shares its parent's memory, as of vfork(2), cannot be told from the thread that
/// made it: if it waits for events before it calls execve(2), its wait ends a turn of that thread. In a PID namespace
/// whose /proc is another's, the path of the memory does not lead to it.
class watched_process {
 public:
  /// Maps the memory at the path in LOOPSCOPE_WATCH_MAP and registers the process, or leaves all as it is. The
  /// descriptor is closed again.
  static void start() noexcept;

  /// The process's ID, or 0: it is not watched, or did not register itself yet. Any thread.
  static std::int32_t pid() noexcept {
    const auto* const words = own_page.load(std::memory_order_acquire);
    return words != nullptr ? words->pid.load(std::memory_order_acquire) : 0;
  }

  static bool is_watched() noexcept { return own_page.load(std::memory_order_acquire) != nullptr; }

  /// Registers a child, if no other thread of it does so at this moment. Returns pid().
  static std::int32_t registered_pid() noexcept;

  /// Takes words for the thread and clears them, or counts it as lost and returns nullptr.
  static thread_words* claim_thread(std::int32_t tid) noexcept;

  static cycle_scale cycles() noexcept { return shared_map->cycles; }
  static std::int64_t long_turn_ns() noexcept { return shared_map->long_turn_ns.load(std::memory_order_relaxed); }

 private:
  struct own_words {
    std::atomic<std::int32_t> pid;
    std::atomic<bool> registering;
    std::atomic<process_words*> process;  ///< null where the table was full
  };

  static void enter_process(own_words& own) noexcept;
  static void forget_parent() noexcept;
  static own_words* map_own_words() noexcept;

  static constinit watch_map* shared_map;
  static constinit std::atomic<own_words*> own_page;
};

}  // namespace loopscope::watch
