// SPDX-License-Identifier: MIT

// Sleepers that something else could be blamed for: each a case.
//
//   acquittals case=slow_callback|quota

#include <boost/asio/io_context.hpp>
#include <thread>
#include <vector>

#include "arguments.hpp"
#include "blocks.hpp"
#include "lab_api.hpp"

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using lab::after;
using lab::journal;
using lab::monitor::loop_monitor;

/// Sleeps on two loops while the callback of one takes its time.
void slow_callback() {
  auto slow = lab::settings("slow");
  slow.on_stall = [](const auto&) { std::this_thread::sleep_for(200ms); };
  asio::io_context first;
  asio::io_context second;
  loop_monitor watch{first, slow};
  loop_monitor other{second, lab::settings("other")};
  journal::get().watch([&] {
    auto all = watch.recent_stalls();
    for (auto& each : other.recent_stalls()) all.push_back(std::move(each));
    return all;
  });
  for (int i = 0; i < 2; ++i) {
    after(first, 300ms + i * 1000ms, [] { lab::app::back_off(600ms); });
    after(second, 400ms + i * 1000ms, [] { lab::app::back_off(300ms); });
  }
  {
    const std::jthread thread([&] { lab::run(&other, second); });
    lab::run(&watch, first);
  }
  lab::finish(watch);
}

/// Two threads use up the CPU's quota while the loop sleeps.
void quota() {
  std::vector<std::jthread> busy;
  for (int i = 0; i < 2; ++i)
    busy.emplace_back([](const std::stop_token& stop) {
      while (!stop.stop_requested()) lab::app::compute(1ms);
    });
  asio::io_context io;
  loop_monitor watch{io, lab::settings("main")};
  journal::get().watch([&] { return watch.recent_stalls(); });
  for (int i = 0; i < 3; ++i) after(io, 500ms + i * 600ms, [] { lab::app::ask_legacy_backend(400ms); });
  lab::run(&watch, io);
  lab::finish(watch);
}

}  // namespace

int main(int argc, char** argv) {
  const auto name = lab::argument(argc, argv, "case", "");
  if (name == "slow_callback") {
    slow_callback();
  } else if (name == "quota") {
    quota();
  } else {
    return 2;
  }
}
