// SPDX-License-Identifier: MIT

// What a wait for events costs in a program that `loopscope watch` watches: epoll_wait with time-out 0 on a readable
// eventfd, as libc has it, with the clock read before and after it, and as the preloaded library wraps it, in turns in
// one process. The wait is a loop's, so each call ends a turn and starts one, and the library needs the time twice.
//
//   build/bin/watch_cost LIBRARY ROUNDS      prints nanoseconds a wait: medians over the rounds, and their quartiles

#include <dlfcn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>
#include <string>
#include <vector>

#include "server/watch/cycle_counter.hpp"
#include "server/watch/preload/watch_map.hpp"

namespace {

using loopscope::watch::watch_map;
using wait_function = int(int, epoll_event*, int, int);
constexpr int waits = 2'000;

struct round_times {
  double plain, timed, watched;
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "watch_cost: %s\n", what);
  std::exit(1);
}

watch_map* make_map() {
  const int fd = ::memfd_create("loopscope-watch", MFD_CLOEXEC);
  if (fd < 0 || ::ftruncate(fd, sizeof(watch_map)) != 0) fail("cannot make the shared memory");
  void* const memory = ::mmap(nullptr, sizeof(watch_map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) fail("cannot map the shared memory");
  auto* const map = new (memory) watch_map;
  map->long_turn_ns = 25'000'000;
  map->cycles = loopscope::watch::blocking_measure_cycles();
  ::setenv(loopscope::watch::map_variable, ("/proc/self/fd/" + std::to_string(fd)).c_str(), 1);
  return map;
}

wait_function* load_watched(const char* library) {
  void* const handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) fail(::dlerror());
  void* const function = ::dlsym(handle, "epoll_wait");
  if (function == nullptr) fail(::dlerror());
  return reinterpret_cast<wait_function*>(function);
}

int make_readable_epoll() {
  const int epoll = ::epoll_create1(0);
  const int event = ::eventfd(1, 0);
  epoll_event interest{.events = EPOLLIN, .data = {.fd = event}};
  if (epoll < 0 || event < 0 || ::epoll_ctl(epoll, EPOLL_CTL_ADD, event, &interest) != 0) fail("cannot set up epoll");
  return epoll;
}

volatile long last_reading;

int timed_wait(int epoll, epoll_event* events, int size, int timeout) {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  last_reading = time.tv_nsec;
  const int result = ::epoll_wait(epoll, events, size, timeout);
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  last_reading = time.tv_nsec;
  return result;
}

__attribute__((noinline)) double ns_a_wait(wait_function* wait, int epoll) {
  epoll_event event{};
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < waits; ++i) {
    if (wait(epoll, &event, 1, 0) != 1) fail("the eventfd is not readable");
  }
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / waits;
}

template <class Value>
void print(const char* name, const char* unit, const std::vector<round_times>& rounds, Value value) {
  std::vector<double> values;
  for (const auto& round : rounds) values.push_back(value(round));
  std::sort(values.begin(), values.end());
  const auto quarter = values.size() / 4;
  std::printf("%-24s %8.2f %-2s (%.2f .. %.2f)\n", name, values[values.size() / 2], unit, values[quarter],
              values[values.size() - 1 - quarter]);
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc == 3 ? std::atoi(argv[2]) : 0;
  if (count < 1) {
    std::fprintf(stderr, "usage: watch_cost LIBRARY ROUNDS\n");
    return 2;
  }
  const auto* const map = make_map();
  auto* const watched = load_watched(argv[1]);
  const int epoll = make_readable_epoll();
  std::vector<round_times> rounds;
  for (int i = 0; i < count; ++i) {
    rounds.push_back({ns_a_wait(::epoll_wait, epoll), ns_a_wait(timed_wait, epoll), ns_a_wait(watched, epoll)});
  }
  const auto turns = map->threads[0].turn / 2;
  if (turns + loopscope::watch::returns_of_a_loop < static_cast<std::uint64_t>(count) * waits) fail("unrecorded waits");
  print("libc", "ns", rounds, [](const auto& round) { return round.plain; });
  print("with two clock readings", "ns", rounds, [](const auto& round) { return round.timed; });
  print("watched", "ns", rounds, [](const auto& round) { return round.watched; });
  print("watched - libc", "ns", rounds, [](const auto& round) { return round.watched - round.plain; });
  print("watched - readings", "ns", rounds, [](const auto& round) { return round.watched - round.timed; });
  print("watched / libc", "", rounds, [](const auto& round) { return round.watched / round.plain; });
  return 0;
}
