// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/monitor/detect/heartbeat.hpp"

namespace loopscope::monitor {

class watched_loop;

/// The one thread of the process that watches all loops. It starts with the first monitor and ends with the last.
///
/// In the child of a fork() it starts again, so that a daemon is watched as before. Threads: add() and remove() from
/// any thread but its own. Lifetime: owned jointly by the monitors. A watched_loop must not own it: its last reference
/// may be released on the watchdog thread, which cannot join itself.
class watchdog {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static std::shared_ptr<watchdog> shared();

  watchdog();
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;
  ~watchdog();

  void add(std::shared_ptr<watched_loop> loop);
  void remove(const watched_loop& loop);
  /// Posting to it makes the watchdog check every loop at once.
  const std::shared_ptr<wake_signal>& wake() const noexcept { return wake_; }

 private:
  struct entry {
    std::shared_ptr<watched_loop> loop;
    time_point due;
  };

  void start();
  void run();

  friend struct fork_handlers;

  const std::shared_ptr<wake_signal> wake_ = std::make_shared<wake_signal>();
  /// Held while loops are checked, so that fork() copies no half-done check.
  std::mutex pass_mutex_;
  std::mutex mutex_;
  std::vector<entry> loops_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace loopscope::monitor
