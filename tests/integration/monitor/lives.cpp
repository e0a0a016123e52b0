// Programs that live otherwise than the monitor might expect: each a case.
//
//   lives case=NAME

#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "arguments.hpp"
#include "blocks.hpp"
#include "loopscope/monitor/attributed_executor.hpp"

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using lab::journal;
using lab::monitor::loop_monitor;

template <class Function>
void after(asio::io_context& io, std::chrono::milliseconds delay, Function function) {
  auto timer = std::make_shared<asio::steady_timer>(io, delay);
  timer->async_wait([timer, function](auto) { function(); });
}

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

/// A loop that is blocked for 300 ms in this process, after `divide` has made it a new one.
void blocked_after(const std::function<void()>& divide) {
  asio::io_context io;
  loop_monitor watch{io, lab::settings("main")};
  journal::get().watch([&] { return watch.recent_stalls(); });
  after(io, 100ms, [] {});
  lab::run(&watch, io);
  divide();
  journal::get().add({{"process", ::getpid()}});
  journal::get().print(false);
  io.restart();
  after(io, 300ms, [] { lab::app::back_off(300ms); });
  lab::run(&watch, io);
  lab::finish(watch);
}

void daemonized() {
  blocked_after([] { journal::get().undisturbed([] { return ::daemon(1, 1); }); });
}

void forked() {
  pid_t child = -1;
  blocked_after([&] { child = journal::get().undisturbed([] { return ::fork(); }); });
  if (child > 0) ::waitpid(child, nullptr, 0);
}

void throwing_hooks() {
  asio::io_context io;
  std::atomic<unsigned> calls{0};
  lab::monitor::loop_watch watch{{[&](lab::monitor::probe p) {
                                    if (calls++ % 2 == 0) throw std::runtime_error("post");
                                    asio::post(io, std::move(p));
                                  },
                                  []() -> bool { throw std::runtime_error("stopped"); }},
                                 lab::settings("main")};
  journal::get().watch([&] { return watch.recent_stalls(); });
  after(io, 300ms, [] { lab::app::back_off(300ms); });
  after(io, 900ms, [] {});
  io.run();
  lab::finish(watch);
}

/// A handler that outlives the request that it belonged to.
void ended_activity() {
  asio::io_context io;
  loop_monitor watch{io, lab::settings("main")};
  journal::get().watch([&] { return watch.recent_stalls(); });
  using lab::monitor::activity;
  auto request = std::make_unique<activity>(watch.activities(), 7, "GET /finished", "");
  const lab::monitor::attributed_executor executor{io.get_executor(), *watch.activities(), *request};
  after(io, 200ms, [&] {
    request.reset();
    asio::post(executor, [] { lab::app::back_off(300ms); });
  });
  lab::run(&watch, io);
  lab::finish(watch);
}

void context_destroyed_first() {
  std::optional<asio::io_context> io{std::in_place};
  loop_monitor watch{*io, lab::settings("main")};
  journal::get().watch([&] { return watch.recent_stalls(); });
  after(*io, 200ms, [] { lab::app::back_off(100ms); });
  lab::run(&watch, *io);
  io.reset();
  lab::finish(watch);  // waits for longer than a probe takes
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
  const std::map<std::string, std::function<void()>> cases{{"slow_callback", slow_callback},
                                                           {"daemon", daemonized},
                                                           {"fork", forked},
                                                           {"throwing_hooks", throwing_hooks},
                                                           {"ended_activity", ended_activity},
                                                           {"context_destroyed_first", context_destroyed_first},
                                                           {"quota", quota}};
  const auto found = cases.find(lab::argument(argc, argv, "case", ""));
  if (found == cases.end()) return 2;
  found->second();
}
