// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "ledger.hpp"
#include "types.hpp"

namespace loopscope::probe {

/// How the kernel schedules the sending thread.
enum class thread_scheduling {
  fifo,         ///< real-time: runs as soon as it is due; needs CAP_SYS_NICE or an RLIMIT_RTPRIO
  short_slice,  ///< the default policy with the shortest time slice: runs earlier (since Linux 6.12)
  ordinary,
};

/// The name used in the reports.
std::string_view name(thread_scheduling scheduling);

/// Asks the kernel to run the calling thread as punctually as this process may; on a busy machine requests would
/// otherwise be sent milliseconds late. The kernel's throttling keeps a real-time thread from using a whole CPU.
///
/// Returns what the kernel granted. Threads that the caller starts later do not inherit it.
thread_scheduling make_punctual();

/// Runs `loop` on a punctual thread that takes no signals. `when_done` is called on that thread at the end. The
/// destructor joins.
class sender_thread {
 public:
  sender_thread(asio::io_context& loop, std::function<void()> when_done);
  ~sender_thread();
  sender_thread(const sender_thread&) = delete;
  sender_thread& operator=(const sender_thread&) = delete;

  /// Returns how the thread was scheduled. Throws the exception that ended it.
  thread_scheduling join();

 private:
  thread_scheduling scheduling_ = thread_scheduling::ordinary;
  std::exception_ptr failure_;
  std::thread thread_;
};

/// A line about the running measurement: "3.2 of 8 s  3,200 due  3,010 completed  190 waiting  0 failed".
std::string progress_text(std::chrono::nanoseconds elapsed, std::chrono::nanoseconds duration, const live_counts& live);

/// What the main thread does during a run: it handles signals and shows progress on stderr, as one line that is
/// overwritten on a terminal, and as a line each second elsewhere.
///
/// Threads: started() and stop() from any thread. Lifetime: `live` outlives it.
class foreground {
 public:
  foreground(std::chrono::nanoseconds duration, bool quiet, const live_counts& live);

  /// The schedule has started.
  void started(clock::time_point when) { start_.store(when); }
  void stop() { loop_.stop(); }

  /// Runs until stop(). SIGINT or SIGTERM calls `interrupt`, also the second time; later ones, and any after this has
  /// returned, end the process. Returns the first signal, or 0.
  int run(std::function<void()> interrupt);

 private:
  void await_signal();
  void show_progress();

  std::chrono::nanoseconds duration_;
  bool quiet_;
  const live_counts& live_;
  bool terminal_;
  asio::io_context loop_{1};
  timer tick_;
  asio::signal_set signals_;
  std::function<void()> interrupt_;
  std::atomic<clock::time_point> start_{};
  int signal_ = 0;
};

}  // namespace loopscope::probe
