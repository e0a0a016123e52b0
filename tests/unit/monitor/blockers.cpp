// SPDX-License-Identifier: MIT

#include "blockers.hpp"

#include <time.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

#include "writers/system/clock.hpp"

namespace deep {

std::atomic<unsigned long> calls{0};

__attribute__((noinline)) void down(int depth, std::chrono::steady_clock::time_point end) {
  if (depth > 0) down(depth - 1, end);
  while (std::chrono::steady_clock::now() < end) ++calls;
  ++calls;  // after the call above, so that this is no tail call
}

}  // namespace deep

namespace app {
namespace {

using std::chrono::nanoseconds;

// Written so that no loop is empty and no call is a tail call, which would drop the function's frame.
std::atomic<unsigned long> sink{0};

}  // namespace

__attribute__((noinline)) void blocking_spin(std::chrono::milliseconds cpu) {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  const auto end = loopscope::system::to_nanoseconds(used) + cpu;
  while (loopscope::system::to_nanoseconds(used) < end) {
    for (int i = 0; i < 10000; ++i) sink.store(sink.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  }
}

__attribute__((noinline)) void blocking_spin_until(std::chrono::steady_clock::time_point end) {
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 1000; ++i) sink.store(sink.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
}

__attribute__((noinline)) void blocking_recursion(std::chrono::steady_clock::time_point end) {
  deep::down(500, end);
  sink.store(1);
}

__attribute__((noinline)) void blocking_sleep_until(std::chrono::steady_clock::time_point end) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(end.time_since_epoch());
  const timespec until{whole.count(), (end.time_since_epoch() - whole).count()};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) != 0)
    sink.store(sink.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

__attribute__((noinline)) void blocking_read(int fd) {
  char byte = 0;
  while (::read(fd, &byte, 1) < 0) sink.store(sink.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  sink.store(sink.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

__attribute__((noinline)) nanoseconds blocking_fsync(int fd) {
  const auto start = std::chrono::steady_clock::now();
  ::fsync(fd);
  return std::chrono::steady_clock::now() - start;
}

__attribute__((noinline)) void blocking_during_an_exception(std::chrono::milliseconds cpu) {
  struct slow_destructor {
    std::chrono::milliseconds cpu;
    ~slow_destructor() { blocking_spin(cpu); }
  };
  try {
    const slow_destructor slow{cpu};
    throw std::runtime_error("expected");
  } catch (const std::runtime_error&) {
    sink.store(sink.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
}

}  // namespace app
