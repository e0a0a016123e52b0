// SPDX-License-Identifier: MIT

// A loop of Asio without Boost, through loop_watch and two functions. Its handlers are the targets that stdin gives,
// one a line; ends with stdin.

#include <asio.hpp>
#include <iostream>
#include <string>
#include <thread>

#include "arguments.hpp"
#include "blocks.hpp"
#include "loopscope/monitor/loop_watch.hpp"

int main() {
  asio::io_context io{1};
  auto work = asio::make_work_guard(io);
  const asio::steady_timer timer{io};  // the loop waits in its reactor, as one with sockets does
  loopscope::monitor::loop_watch watch{
      {[&](loopscope::monitor::probe p) { asio::post(io, std::move(p)); }, [&] { return io.stopped(); }},
      lab::settings("standalone")};
  lab::journal::get().watch([&] { return watch.recent_stalls(); });
  std::jthread loop([&] { io.run(); });
  lab::print_ready();
  for (std::string target; std::getline(std::cin, target);) asio::post(io, [target] { lab::app::run_block(target); });
  work.reset();
  loop.join();
  lab::finish(watch);
}
