// SPDX-License-Identifier: MIT

#include <asio.hpp>
#include <chrono>
#include <iostream>
#include <loopscope/monitor/standalone_asio.hpp>

void recompute_everything() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  while (std::chrono::steady_clock::now() < end) {
  }
}

int main() {
  asio::io_context io;
  loopscope::monitor::options options;
  options.name = "standalone";
  options.on_stall = [](const loopscope::monitor::stall_record& stall) { std::cout << stall.sentence << std::endl; };
  loopscope::monitor::standalone::loop_monitor monitor{io, options};

  asio::steady_timer work{io, std::chrono::milliseconds(200)};
  work.async_wait([](auto) { recompute_everything(); });
  asio::steady_timer end{io, std::chrono::milliseconds(5000)};
  end.async_wait([](auto) {});
  io.run();
}
