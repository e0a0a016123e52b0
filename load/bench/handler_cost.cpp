// SPDX-License-Identifier: MIT

// What a handler costs on a loop that is not watched, watched, and watched with its handlers counted. The loop has a
// timer, as almost every one has: with it, the loop asks the kernel for events once in a round of its ready handlers.
//
//   build/bin/handler_cost ROUNDS      prints one line of JSON for each mode of each round, in nanoseconds a handler

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "watched_modes.hpp"

namespace {

using loopscope::monitor::loop_monitor;
constexpr int handlers = 4'000'000;
constexpr int ready_at_once = 64;

struct chain {
  boost::asio::io_context& io;
  int& left;

  void operator()() const {
    if (--left > 0) boost::asio::post(io, *this);
  }
};

double ns_a_handler(watched_mode mode) {
  boost::asio::io_context io{1};
  const boost::asio::steady_timer timer{io};
  std::optional<loop_monitor> monitor;
  if (mode != watched_mode::off) monitor.emplace(io);
  int left = handlers;
  for (int i = 0; i < ready_at_once; ++i) boost::asio::post(io, chain{io, left});
  const auto start = std::chrono::steady_clock::now();
  run_loop(io, mode == watched_mode::counted ? &*monitor : nullptr);
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / handlers;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc == 2 ? std::atoi(argv[1]) : 0;
  if (rounds < 1) {
    std::fprintf(stderr, "usage: handler_cost ROUNDS\n");
    return 2;
  }
  for (int i = 0; i < rounds; ++i) {
    const double off = ns_a_handler(watched_mode::off);
    const double plain = ns_a_handler(watched_mode::plain);
    const double counted = ns_a_handler(watched_mode::counted);
    std::printf("{\"off\":%.2f,\"plain\":%.2f,\"counted\":%.2f}\n", off, plain, counted);
  }
}
