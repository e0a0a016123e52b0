// SPDX-License-Identifier: MIT

#pragma once

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <thread>
#include <utility>

namespace loopscope::app {

/// One event loop: an io_context and the named thread that runs it.
///
/// Threads: start() and stop() from the owner's thread. Lifetime: the destructor stops and joins.
class io_loop {
 public:
  explicit io_loop(std::string name) : name_(std::move(name)) {}
  ~io_loop() { stop(); }
  io_loop(const io_loop&) = delete;
  io_loop& operator=(const io_loop&) = delete;

  void start() {
    start([this] { context_.run(); });
  }
  /// The same, but `run` is called on the thread to run the context. The thread has its name then, and when this
  /// returns.
  template <class Function>
  void start(Function run) {
    // An exception from a handler is a bug, and the rest of the handler's work is lost: it ends the process.
    thread_ = std::thread{[this, run = std::move(run)] {
      name_thread(::pthread_self());
      run();
    }};
    name_thread(thread_.native_handle());
  }
  /// Drops queued handlers and joins the thread.
  void stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  boost::asio::io_context& context() noexcept { return context_; }
  const std::string& name() const noexcept { return name_; }

 private:
  void name_thread(::pthread_t thread) const {
    constexpr std::size_t max_thread_name = 15;
    ::pthread_setname_np(thread, name_.substr(0, max_thread_name).c_str());
  }

  std::string name_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  std::thread thread_;
};

}  // namespace loopscope::app
