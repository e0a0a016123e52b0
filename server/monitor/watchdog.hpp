#pragma once

#include <semaphore.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "host_view.hpp"

namespace loopscope::monitor {

class loop_core;

/// The one thread of the process that watches all loops: started with the first monitor, ended with the last.
///
/// Threads: add(), remove() and wake() from any thread but its own. Lifetime: shared by the cores it watches.
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
  /// Looks at every loop at once. Async-signal-safe and never blocks.
  void wake() noexcept { ::sem_post(&wake_); }

 private:
  struct entry {
    std::shared_ptr<loop_core> loop;
    time_point due;
  };

  void run();
  /// True when woken before due.
  bool sleep_until(time_point due);

  sem_t wake_;
  std::mutex mutex_;
  std::vector<entry> loops_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace loopscope::monitor
