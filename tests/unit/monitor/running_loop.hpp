// SPDX-License-Identifier: MIT

#pragma once

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/monitor/loop_monitor.hpp"

namespace loopscope::monitor::testing {

/// No test waits longer than this for anything; then it fails and says what did not happen.
inline constexpr std::chrono::seconds max_wait{60};

/// Returns when the condition is true; throws when it does not become true.
template <class Condition>
void wait_until(const std::string& description, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + max_wait;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("waited " + std::to_string(max_wait.count()) + " s in vain: " + description);
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

/// An io_context on its own thread, with a monitor and the reports that the monitor made.
class running_loop {
 public:
  explicit running_loop(options settings = {}) : monitor_(io_, with_recorder(std::move(settings))) {
    wait_until("the loop answers its first probe", [&] { return monitor_.snapshot().running; });
  }

  ~running_loop() {
    work_.reset();
    io_.stop();
    thread_.join();
  }

  loop_monitor& monitor() { return monitor_; }
  boost::asio::io_context& io() { return io_; }

  /// Runs f on the loop and returns its result.
  template <class Function>
  auto run(Function f) {
    std::packaged_task<decltype(f())()> task(std::move(f));
    auto done = task.get_future();
    // The loop owns the task, so that it lives until the future is ready.
    boost::asio::post(io_, [owned = std::move(task)]() mutable { owned(); });
    if (done.wait_for(max_wait) != std::future_status::ready) throw std::runtime_error("the handler does not end");
    return done.get();
  }

  /// The complete records of the stalls that began after the one with this id, oldest first.
  std::vector<stall_record> stalls_after(std::uint64_t id) {
    settle();
    auto out = monitor_.recent_stalls();
    std::erase_if(out, [&](const stall_record& r) { return r.id <= id || r.in_progress; });
    std::ranges::reverse(out);
    return out;
  }

  /// Runs f on the loop and returns its longest stall; on a busy machine there may be others.
  template <class Function>
  stall_record stall_of(Function f) {
    const auto before = last_id();
    run(std::move(f));
    const auto stalls = stalls_after(before);
    if (stalls.empty()) throw std::runtime_error("the handler made no stall");
    return std::ranges::max(stalls, {}, &stall_record::duration);
  }

  std::uint64_t last_id() {
    const auto known = monitor_.recent_stalls();
    return known.empty() ? 0 : known.front().id;
  }

  /// Returns when the watchdog has found the loop alive several times and no stall is in progress or incomplete.
  void settle() {
    auto reader = monitor_.interval();
    std::uint64_t samples = 0;
    wait_until("the loop is idle and its stalls are complete", [&] {
      samples += reader.read().corrected.count;
      return samples >= 3 && monitor_.stall_to_blame() == 0;
    });
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
