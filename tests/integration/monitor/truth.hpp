// SPDX-License-Identifier: MIT

#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "journal.hpp"

namespace lab {

/// What a block does to its thread, by the program's own clock and the kernel's accounting: a line of the journal.
///
/// Measures from the constructor to the destructor, on one thread.
class truth {
 public:
  truth(const char* kind, const char* function, int line = __builtin_LINE())
      : kind_(kind),
        function_(function),
        line_(line),
        queue_(run_queue()),
        cpu_(thread_cpu()),
        start_(std::chrono::steady_clock::now()) {}
  truth(const truth&) = delete;
  truth& operator=(const truth&) = delete;
  ~truth() {
    const auto end = std::chrono::steady_clock::now();
    const auto cpu_time = thread_cpu() - cpu_;
    journal::get().add({{"truth",
                         {{"kind", kind_},
                          {"function", function_},
                          {"line", line_},
                          {"start_ns", ns_of(start_)},
                          {"duration_ms", ms_of(end - start_)},
                          {"cpu_ms", ms_of(cpu_time)},
                          {"queue_ms", ms_of(run_queue() - queue_)},
                          {"pid", ::getpid()},
                          {"tid", ::syscall(SYS_gettid)},
                          {"result", result_},
                          {"errno", errno_}}}});
  }

  /// Keeps what the call returned, with errno if that is -1.
  void result(long returned) {
    errno_ = returned == -1 ? errno : 0;
    result_ = returned;
  }

 private:
  static std::chrono::nanoseconds thread_cpu() {
    ::timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
  }

  /// How long the thread has been runnable without a CPU.
  static std::chrono::nanoseconds run_queue() {
    long long on_cpu = 0;
    long long waited = 0;
    if (auto* file = std::fopen("/proc/thread-self/schedstat", "re")) {
      if (std::fscanf(file, "%lld %lld", &on_cpu, &waited) != 2) waited = 0;
      std::fclose(file);
    }
    return std::chrono::nanoseconds{waited};
  }

  const char* kind_;
  const char* function_;
  const int line_;
  long result_ = 0;
  int errno_ = 0;
  std::chrono::nanoseconds queue_;
  std::chrono::nanoseconds cpu_;
  std::chrono::steady_clock::time_point start_;
};

/// What a handler takes that answers after its block: a line of the journal.
///
/// The answer wakes a client, and on a busy machine the handler then waits for a CPU, which is no part of the block.
class handler_time {
 public:
  handler_time() = default;
  handler_time(const handler_time&) = delete;
  handler_time& operator=(const handler_time&) = delete;
  ~handler_time() {
    const auto end = std::chrono::steady_clock::now();
    journal::get().add({{"handler",
                         {{"start_ns", ns_of(start_)},
                          {"duration_ms", ms_of(end - start_)},
                          {"pid", ::getpid()},
                          {"tid", ::syscall(SYS_gettid)}}}});
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

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

inline ::timeval to_timeval(std::chrono::milliseconds d) {
  return {.tv_sec = d.count() / 1000, .tv_usec = d.count() % 1000 * 1000};
}

inline ::timespec realtime_after(std::chrono::milliseconds d) {
  ::timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const auto ns = now.tv_nsec + d.count() % 1000 * 1'000'000;
  return {.tv_sec = now.tv_sec + d.count() / 1000 + ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

}  // namespace lab
