// SPDX-License-Identifier: MIT

#include "truth.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "journal.hpp"

namespace lab {

namespace {

std::chrono::nanoseconds thread_cpu() {
  ::timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

/// How long the thread has been runnable without a CPU.
std::chrono::nanoseconds run_queue() {
  long long on_cpu = 0;
  long long waited = 0;
  if (auto* file = std::fopen("/proc/thread-self/schedstat", "re")) {
    if (std::fscanf(file, "%lld %lld", &on_cpu, &waited) != 2) waited = 0;
    std::fclose(file);
  }
  return std::chrono::nanoseconds{waited};
}

}  // namespace

truth::truth(const char* kind, const char* function, int line)
    : kind_(kind),
      function_(function),
      line_(line),
      queue_(run_queue()),
      cpu_(thread_cpu()),
      start_(std::chrono::steady_clock::now()) {}

truth::~truth() {
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

handler_time::~handler_time() {
  const auto end = std::chrono::steady_clock::now();
  journal::get().add({{"handler",
                       {{"start_ns", ns_of(start_)},
                        {"duration_ms", ms_of(end - start_)},
                        {"pid", ::getpid()},
                        {"tid", ::syscall(SYS_gettid)}}}});
}

}  // namespace lab
