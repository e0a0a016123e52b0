// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "data_plane.hpp"
#include "logger.hpp"
#include "server/runs/run_registry.hpp"
#include "shutdown_policy.hpp"

namespace loopscope::app {

/// Handles signals and the grace period on the control thread, so that they work while every other loop is blocked.
///
/// Stops the control loop for an orderly exit. Ends the process when an orderly exit is not possible.
/// Threads: the control loop's; `requested` is set on it and read anywhere. Lifetime: its arguments outlive it.
class shutdown {
 public:
  shutdown(boost::asio::io_context& control, data_plane& data, runs::run_registry& runs, logger& log,
           std::atomic<bool>& requested, std::chrono::microseconds grace);

 private:
  using event = shutdown_policy::event;

  void wait_for_signal();
  void act(shutdown_policy::action what);
  void after(std::chrono::microseconds time, event then);
  [[noreturn]] void leave_at_once() const;

  boost::asio::io_context& control_;
  data_plane& data_;
  runs::run_registry& runs_;
  logger& log_;
  std::atomic<bool>& requested_;
  std::chrono::microseconds grace_;
  shutdown_policy policy_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  int last_signal_ = 0;
  bool cancel_time_is_over_ = false;
};

}  // namespace loopscope::app
