// SPDX-License-Identifier: MIT

// Loops of other shapes than a server's, each a case with blocks of a known length.
//
//   loops case=NAME

#include <sys/epoll.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <functional>
#include <latch>
#include <map>
#include <thread>
#include <vector>

#include "arguments.hpp"
#include "blocks.hpp"
#include "lab_api.hpp"
#include "truth.hpp"

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// What a case works with. `run` runs the loop on that many threads until it has no work.
struct loop {
  asio::io_context io;
  lab::monitor::loop_monitor monitor{io, lab::settings("main")};

  void run(int threads = 1) {
    std::vector<std::jthread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back([this] { lab::run(&monitor, io); });
    lab::run(&monitor, io);
  }

  template <class Function>
  void after(std::chrono::milliseconds delay, Function function) {
    lab::after(io, delay, function);
  }
};

void short_work() {
  lab::app::compute(1ms);
}

/// One truth for all handlers: none of them blocks, together they delay what comes behind them.
void queue(loop& l) {
  auto all = std::make_shared<std::optional<lab::truth>>();
  l.after(200ms, [&l, all] {
    asio::post(l.io, [all] { all->emplace("queue", ""); });
    for (int i = 0; i < 300; ++i) asio::post(l.io, short_work);
    asio::post(l.io, [all] { all->reset(); });
  });
  l.run();
}

[[gnu::noinline]] void wait_in_nested_run() {
  asio::io_context inner;
  asio::steady_timer timer{inner, 100ms};
  timer.async_wait([](auto) {});
  lab::truth t{"nested", __func__};
  t.result(static_cast<long>(inner.run()));
}

[[gnu::noinline]] void wait_in_own_epoll() {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  ::epoll_event event{};
  {
    lab::truth t{"epoll", __func__};
    t.result(::epoll_wait(epoll, &event, 1, 100));
  }
  ::close(epoll);
}

/// Five waits in each way, with an idle loop in between.
void waits(loop& l) {
  for (int i = 0; i < 5; ++i) {
    l.after(200ms + i * 300ms, wait_in_nested_run);
    l.after(350ms + i * 300ms, wait_in_own_epoll);
  }
  l.run();
}

void poll_loop(loop& l) {
  const auto seat = l.monitor.join_thread();
  const auto work = asio::make_work_guard(l.io);
  bool done = false;
  l.after(500ms, [&] {
    lab::app::back_off(300ms);
    l.after(300ms, [&] { done = true; });
  });
  while (!done) {
    l.io.poll();
    std::this_thread::sleep_for(2ms);
  }
}

/// Another thread stops the loop while a handler is stuck.
void stop(loop& l) {
  std::latch stuck{1};
  l.after(200ms, [&] {
    stuck.count_down();
    lab::app::back_off(1s);
  });
  const std::jthread stopper([&] {
    stuck.wait();
    std::this_thread::sleep_for(300ms);
    l.io.stop();
  });
  l.run();
}

/// Two threads are blocked at once, five times. Then one is for longer, while the other one is free.
void two_threads(loop& l) {
  for (int i = 0; i < 5; ++i)
    for (int thread = 0; thread < 2; ++thread) l.after(200ms + i * 200ms, [] { lab::app::back_off(100ms); });
  l.after(1300ms, [] { lab::app::back_off(600ms); });
  l.run(2);
}

/// The strand waits for one of its handlers while three threads are free.
void strand(loop& l) {
  const auto strand = asio::make_strand(l.io);
  const auto watch = l.monitor.watch(strand, "session 12");
  l.after(200ms, [&] {
    asio::post(strand, [] { lab::app::back_off(600ms); });
    asio::post(strand, [] {});
  });
  l.run(4);
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::function<void(loop&)>> cases{
      {"queue", queue},  {"waits", waits}, {"poll", poll_loop}, {"stop", stop}, {"two_threads", two_threads},
      {"strand", strand}};
  const auto found = cases.find(lab::argument(argc, argv, "case", ""));
  if (found == cases.end()) return 2;
  loop l;
  lab::journal::get().watch([&] { return l.monitor.recent_stalls(); });
  found->second(l);
  lab::finish(l.monitor);
}
