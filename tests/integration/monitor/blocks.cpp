// SPDX-License-Identifier: MIT

#include "blocks.hpp"

#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/chrono/thread_clock.hpp>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <thread>

#include "truth.hpp"

namespace lab::app {

namespace {

/// A library's: a clock of our own would be a place in our code where a computing thread may be seen.
using cpu_clock = boost::chrono::thread_clock;

struct socket_pair {
  int ours = -1;
  int theirs = -1;

  socket_pair() {
    int both[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) != 0) std::abort();
    ours = both[0];
    theirs = both[1];
  }
  socket_pair(const socket_pair&) = delete;
  socket_pair& operator=(const socket_pair&) = delete;
  ~socket_pair() {
    ::close(ours);
    ::close(theirs);
  }
};

::timeval to_timeval(milliseconds d) {
  return {.tv_sec = d.count() / 1000, .tv_usec = d.count() % 1000 * 1000};
}

::timespec realtime_after(milliseconds d) {
  ::timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const auto ns = now.tv_nsec + d.count() % 1000 * 1'000'000;
  return {.tv_sec = now.tv_sec + d.count() / 1000 + ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

}  // namespace

void compute(milliseconds cpu) {
  const auto end = cpu_clock::now() + boost::chrono::milliseconds{cpu.count()};
  while (cpu_clock::now() < end) {
    for (int i = 0; i < 20'000; ++i) asm volatile("");
  }
}

[[gnu::noinline]] void ask_legacy_backend(milliseconds wait) {
  const socket_pair sockets;
  truth t{"read", __func__};
  const std::jthread backend([&] {
    ::pthread_setname_np(::pthread_self(), "backend");
    std::this_thread::sleep_for(wait);
    if (::write(sockets.theirs, "x", 1) < 0) std::abort();
  });
  char answer = 0;
  t.result(::read(sockets.ours, &answer, 1));
}

[[gnu::noinline]] void back_off(milliseconds wait) {
  truth t{"sleep", __func__};
  std::this_thread::sleep_for(wait);
}

namespace {

[[gnu::noinline]] void validate_email(milliseconds cpu) {
  truth t{"regex", __func__};
  const auto end = cpu_clock::now() + boost::chrono::milliseconds{cpu.count()};
  const std::regex pattern("(a|aa)+b");
  const std::string text(16, 'a');
  while (cpu_clock::now() < end) t.result(std::regex_match(text, pattern));
}

[[gnu::noinline]] void load_catalogue(milliseconds cpu) {
  truth t{"json", __func__};
  const auto end = cpu_clock::now() + boost::chrono::milliseconds{cpu.count()};
  std::string text = "[0";
  for (int i = 1; i < 2000; ++i) text += ",{\"name\":\"article\",\"price\":" + std::to_string(i) + '}';
  text += ']';
  while (cpu_clock::now() < end) t.result(static_cast<long>(json::parse(text).size()));
}

[[gnu::noinline]] void recompute(milliseconds cpu) {
  truth t{"spin", __func__};
  const auto end = cpu_clock::now() + boost::chrono::milliseconds{cpu.count()};
  while (cpu_clock::now() < end) {
    for (int i = 0; i < 200'000; ++i) asm volatile("");
  }
}

[[gnu::noinline]] void save_snapshot(milliseconds at_least) {
  truth t{"fsync", __func__};
  std::string path = "snapshot.XXXXXX";  // in the folder that the test made
  const int file = ::mkstemp(path.data());
  const std::string content(2 << 20, 'x');
  const auto end = std::chrono::steady_clock::now() + at_least;
  while (std::chrono::steady_clock::now() < end) {
    if (::write(file, content.data(), content.size()) < 0) break;
    t.result(::fsync(file));
  }
  ::close(file);
  ::unlink(path.c_str());
}

/// Holds the lock while it sleeps.
[[gnu::noinline]] void refresh_cache(std::mutex& cache, std::atomic<bool>& held, milliseconds wait) {
  const std::lock_guard lock(cache);
  held = true;
  std::this_thread::sleep_for(wait);
}

[[gnu::noinline]] void read_cache(milliseconds wait) {
  truth t{"mutex", __func__};
  std::mutex cache;
  std::atomic<bool> held = false;
  const std::jthread flusher([&] {
    ::pthread_setname_np(::pthread_self(), "flusher");
    refresh_cache(cache, held, wait);
  });
  while (!held) std::this_thread::yield();
  const std::lock_guard lock(cache);
}

[[gnu::noinline]] void call_usleep(milliseconds wait) {
  truth t{"usleep", __func__};
  t.result(::usleep(static_cast<useconds_t>(wait.count() * 1000)));
}

[[gnu::noinline]] void call_poll(milliseconds wait) {
  const socket_pair sockets;
  ::pollfd entry{.fd = sockets.ours, .events = POLLIN, .revents = 0};
  truth t{"poll", __func__};
  t.result(::poll(&entry, 1, static_cast<int>(wait.count())));
}

[[gnu::noinline]] void call_select(milliseconds wait) {
  const socket_pair sockets;
  ::fd_set readable;
  FD_ZERO(&readable);
  FD_SET(sockets.ours, &readable);
  auto limit = to_timeval(wait);
  truth t{"select", __func__};
  t.result(::select(sockets.ours + 1, &readable, nullptr, nullptr, &limit));
}

[[gnu::noinline]] void call_recv(milliseconds wait) {
  const socket_pair sockets;
  const auto limit = to_timeval(wait);
  ::setsockopt(sockets.ours, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  char answer = 0;
  truth t{"recv", __func__};
  t.result(::recv(sockets.ours, &answer, 1, 0));
}

[[gnu::noinline]] void call_sem_timedwait(milliseconds wait) {
  ::sem_t never;
  ::sem_init(&never, 0, 0);
  const auto deadline = realtime_after(wait);
  truth t{"sem_timedwait", __func__};
  t.result(::sem_timedwait(&never, &deadline));
}

struct block {
  std::string_view name;
  void (*run)(milliseconds);
};

constexpr std::array<block, 12> blocks{{{"regex", validate_email},
                                        {"json", load_catalogue},
                                        {"spin", recompute},
                                        {"fsync", save_snapshot},
                                        {"read", ask_legacy_backend},
                                        {"sleep", back_off},
                                        {"mutex", read_cache},
                                        {"usleep", call_usleep},
                                        {"poll", call_poll},
                                        {"select", call_select},
                                        {"recv", call_recv},
                                        {"sem_timedwait", call_sem_timedwait}}};

}  // namespace

void run_block(std::string_view target) {
  const auto question = target.find('?');
  const auto name = target.substr(0, question).substr(target.starts_with('/') ? 1 : 0);
  milliseconds length{300};
  if (const auto ms = target.find("ms="); ms != target.npos) length = milliseconds{std::atoi(target.data() + ms + 3)};
  for (const auto& each : blocks)
    if (each.name == name) each.run(length);
}

}  // namespace lab::app
