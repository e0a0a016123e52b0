// SPDX-License-Identifier: MIT

// A plug-in that watches a loop of its own.
#include <boost/asio.hpp>
#include <chrono>
#include <loopscope/monitor/loop_monitor.hpp>
#include <string>
#include <thread>

namespace asio = boost::asio;

extern "C" void recompute_in_plug_in() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  while (std::chrono::steady_clock::now() < end) {
  }
}

extern "C" const char* newest_sentence() {
  static std::string sentence;
  asio::io_context io;
  loopscope::monitor::options options;
  options.name = "plug-in";
  const loopscope::monitor::loop_monitor monitor{io, options};
  asio::steady_timer work{io, std::chrono::milliseconds(200)};
  work.async_wait([](auto) { recompute_in_plug_in(); });
  asio::steady_timer end{io, std::chrono::milliseconds(1000)};
  end.async_wait([](auto) {});
  io.run();
  // On a busy machine the monitor takes its time, and the machine may stall the loop once more.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (sentence = "no stall"; std::chrono::steady_clock::now() < deadline;) {
    for (const auto& stall : monitor.recent_stalls())
      if (!stall.in_progress && stall.sentence.find("recompute_in_plug_in") != std::string::npos)
        return (sentence = stall.sentence).c_str();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return sentence.c_str();
}
