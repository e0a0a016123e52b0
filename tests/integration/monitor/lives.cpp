// SPDX-License-Identifier: MIT

// Programs that live otherwise than the monitor might expect: each a case.
//
//   lives case=NAME

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "arguments.hpp"
#include "blocks.hpp"
#include "lab_api.hpp"
#include "loopscope/monitor/attributed_executor.hpp"

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using lab::after;
using lab::journal;
using lab::monitor::loop_monitor;

/// Makes this process two. Returns whether this is the new one.
using division = std::function<bool()>;

/// A loop that is blocked for 300 ms, in each process that there is after the division.
void blocked_after(const division& divide) {
  asio::io_context io;
  loop_monitor watch{io, lab::settings("main")};
  journal::get().watch([&] { return watch.recent_stalls(); });
  after(io, 100ms, [] {});
  lab::run(&watch, io);
  io.notify_fork(asio::io_context::fork_prepare);
  const bool is_child = journal::get().undisturbed(divide);
  io.notify_fork(is_child ? asio::io_context::fork_child : asio::io_context::fork_parent);
  journal::get().add({{"process", ::getpid()}});
  journal::get().print(false);
  io.restart();
  after(io, 300ms, [] { lab::app::back_off(300ms); });
  lab::run(&watch, io);
  lab::finish(watch);
}

void daemonized() {
  blocked_after([] { return ::daemon(1, 1) == 0; });
}

void forked() {
  pid_t child = -1;
  blocked_after([&] { return (child = ::fork()) == 0; });
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

/// Whoever touches the context after its end gets SIGSEGV.
void context_destroyed_first() {
  const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  static_assert(sizeof(asio::io_context) <= 4096);
  void* page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) std::abort();
  auto* io = new (page) asio::io_context;
  loop_monitor watch{*io, lab::settings("main")};
  journal::get().watch([&] { return watch.recent_stalls(); });
  after(*io, 200ms, [] { lab::app::back_off(100ms); });
  lab::run(&watch, *io);
  std::destroy_at(io);
  ::mprotect(page, size, PROT_NONE);
  lab::finish(watch);  // waits for longer than a probe takes
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::function<void()>> cases{{"daemon", daemonized},
                                                           {"fork", forked},
                                                           {"throwing_hooks", throwing_hooks},
                                                           {"ended_activity", ended_activity},
                                                           {"context_destroyed_first", context_destroyed_first}};
  const auto found = cases.find(lab::argument(argc, argv, "case", ""));
  if (found == cases.end()) return 2;
  found->second();
}
