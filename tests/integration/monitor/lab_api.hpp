// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

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

inline void add_thread(nlohmann::json& out, const monitor::stall_record& r) {
  out["tid"] = r.tid;
  out["thread_name"] = r.thread_name;
  out["threads"] = r.threads;
  out["free_threads"] = r.free_threads;
  if (r.call) out["peer"] = r.call->peer;
  if (r.holder) out["holder"] = r.holder->thread_name;
  if (r.holder && r.holder->culprit) out["holder_function"] = r.holder->stack[*r.holder->culprit].function;
  for (const auto& frame : r.awaited_by) out["awaited_by"].push_back(frame.function);
}

}  // namespace lab
