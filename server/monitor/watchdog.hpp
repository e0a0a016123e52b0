#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "host_view.hpp"
#include "wake_signal.hpp"

namespace loopscope::monitor {

class loop_core;

/// The one thread of the process that watches all loops: started with the first monitor, ended with the last.
///
/// Threads: add() and remove() from any thread but its own. Lifetime: shared by the monitors, not by what they watch
/// with: the last of them may go on its own thread.
class watchdog {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static std::shared_ptr<watchdog> shared();

  watchdog();
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;
  ~watchdog();

  void add(std::shared_ptr<loop_core> loop);
  void remove(const loop_core& loop);
  /// Posted to, it looks at every loop at once.
  const std::shared_ptr<wake_signal>& wake() const noexcept { return wake_; }

 private:
  struct entry {
    std::shared_ptr<loop_core> loop;
    time_point due;
  };

  void run();

  const std::shared_ptr<wake_signal> wake_ = std::make_shared<wake_signal>();
  std::mutex mutex_;
  std::vector<entry> loops_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace loopscope::monitor
