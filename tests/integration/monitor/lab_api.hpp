// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

#include "loopscope/monitor/loop_monitor.hpp"

namespace lab {

namespace monitor = loopscope::monitor;

/// Runs the function on the loop after that time, as a timer's handler.
template <class Function>
void after(boost::asio::io_context& io, std::chrono::milliseconds delay, Function function) {
  auto timer = std::make_shared<boost::asio::steady_timer>(io, delay);
  timer->async_wait([timer, function](auto) { function(); });
}

/// Runs the loop on this thread until it has no work: watched with its handlers counted, or as any program does.
inline void run(monitor::loop_monitor* watched, boost::asio::io_context& io) {
  if (watched) {
    watched->run();
  } else {
    io.run();
  }
}

}  // namespace lab
