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
    // An exception from a handler is a bug, and the rest of the handler's work is lost: it ends the process.
    thread_ = std::thread{[this] { context_.run(); }};
    constexpr std::size_t max_thread_name = 15;
    ::pthread_setname_np(thread_.native_handle(), name_.substr(0, max_thread_name).c_str());
  }
  /// Drops queued handlers and joins the thread.
  void stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  boost::asio::io_context& context() noexcept { return context_; }
  const std::string& name() const noexcept { return name_; }

 private:
  std::string name_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  std::thread thread_;
};

}  // namespace loopscope::app
