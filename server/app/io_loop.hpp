#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>
#include <thread>

namespace loopscope::app {

/// One event loop: an io_context that one named thread runs.
///
/// Threads: start() and stop() from the owner's. Lifetime: the destructor stops and joins.
class io_loop {
 public:
  explicit io_loop(std::string name);
  ~io_loop();
  io_loop(const io_loop&) = delete;
  io_loop& operator=(const io_loop&) = delete;

  void start();
  /// Abandons what is queued and joins the thread.
  void stop();

  boost::asio::io_context& context() noexcept { return context_; }
  const std::string& name() const noexcept { return name_; }

 private:
  void run();

  std::string name_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  std::thread thread_;
};

}  // namespace loopscope::app
