// SPDX-License-Identifier: MIT

#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "server/monitor/stall_record.hpp"

namespace loopscope::monitor {

class watched_loop;

enum class report_kind : std::uint8_t {
  progress,   ///< for options::on_stall
  end,        ///< for options::on_stall
  every_end,  ///< for options::on_stall_end
  warning,    ///< for options::on_warning: the record has a sentence only
};

/// The thread of the process that runs the application's callbacks, so that a slow one delays no verdict.
///
/// Threads: add() and forget() from any thread but its own. Lifetime: owned jointly by the watched loops. Errors: when
/// callbacks are so slow that max_waiting reports wait, the oldest one is dropped.
class reporter {
 public:
  static constexpr std::size_t max_waiting = 1024;

  static std::shared_ptr<reporter> shared();

  reporter();
  reporter(const reporter&) = delete;
  reporter& operator=(const reporter&) = delete;
  ~reporter();

  void add(std::shared_ptr<const watched_loop> loop, stall_record record, report_kind kind);
  /// Waits until the callbacks for the loop's reports have returned. Not to be called from one.
  void blocking_deliver(const watched_loop& loop);
  /// Drops the loop's reports and waits for its callback in progress.
  void forget(const watched_loop& loop);

  /// The one that runs now, or nullptr. For fork handlers, which can have no argument.
  static reporter* running() noexcept;
  /// Around fork(), and in its child, where the thread starts again without the reports that waited.
  void lock_for_fork() { mutex_.lock(); }
  void unlock_after_fork() { mutex_.unlock(); }
  void restart_in_child();

 private:
  struct report {
    std::shared_ptr<const watched_loop> loop;
    stall_record record;
    report_kind kind;
  };

  void start();
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<report> waiting_;
  const watched_loop* current_ = nullptr;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace loopscope::monitor
