#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "server/monitor/loop_monitor.hpp"

namespace loopscope::monitor::testing {

/// An io_context on a thread of its own, with a monitor, and the reports that the monitor made.
class running_loop {
 public:
  explicit running_loop(options settings = {}) : monitor_(io_, with_recorder(std::move(settings))) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!monitor_.snapshot().running && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  }

  ~running_loop() {
    work_.reset();
    io_.stop();
    thread_.join();
  }

  loop_monitor& monitor() { return monitor_; }
  boost::asio::io_context& io() { return io_; }

  /// Runs f on the loop and returns when it has run.
  template <class Function>
  void run(Function f) {
    std::packaged_task<void()> whole(std::move(f));
    const auto done = whole.get_future();
    // The loop owns it: nothing here dies while it is still telling.
    boost::asio::post(io_, [task = std::move(whole)]() mutable { task(); });
    done.wait();
  }

  /// The stalls of a handler on the loop, complete, oldest first; none when it caused none.
  template <class Function>
  std::vector<stall_record> stalls_of(Function f) {
    const auto before = last_id();
    run(std::move(f));
    return stalls_after(before);
  }

  /// Waits for what is in progress, and for a second look, before it tells.
  std::vector<stall_record> stalls_after(std::uint64_t id) {
    settle();
    std::vector<stall_record> out;
    for (auto& r : monitor_.recent_stalls()) {
      if (r.id > id) out.insert(out.begin(), std::move(r));
    }
    return out;
  }

  std::uint64_t last_id() {
    const auto known = monitor_.recent_stalls();
    return known.empty() ? 0 : known.front().id;
  }

  /// Returns when the watchdog has looked at the idle loop several times and has no stall open or unsettled.
  void settle() {
    auto reader = monitor_.interval();
    std::uint64_t quiet = 0;
    while (quiet < 3 || monitor_.stall_to_blame() != 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
      quiet += reader.read().corrected.count;
    }
  }

  std::vector<stall_record> reports() {
    const std::lock_guard lock(mutex_);
    return reports_;
  }

 private:
  options with_recorder(options settings) {
    settings.reports_per_minute = 10000;
    settings.on_stall = [this](const stall_record& r) {
      const std::lock_guard lock(mutex_);
      reports_.push_back(r);
    };
    return settings;
  }

  std::mutex mutex_;
  std::vector<stall_record> reports_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::thread thread_{[this] { io_.run(); }};
  loop_monitor monitor_;
};

}  // namespace loopscope::monitor::testing
