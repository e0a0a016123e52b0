// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string_view>

#include "server/monitor/loop_monitor.hpp"

/// How a benchmark's loop is watched: not at all, run by the program, or run by the monitor, which counts its handlers.
enum class watched_mode { off, plain, counted };

inline std::optional<watched_mode> to_watched_mode(std::string_view text) {
  if (text == "off") return watched_mode::off;
  if (text == "plain") return watched_mode::plain;
  if (text == "counted") return watched_mode::counted;
  return std::nullopt;
}

inline void run_loop(boost::asio::io_context& io, loopscope::monitor::loop_monitor* counting) {
  if (counting) {
    counting->run();
  } else {
    io.run();
  }
}
