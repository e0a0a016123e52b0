#include "thread_sampler.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <string>

#include "writers/system/clock.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds clock_tolerance{1};

/// The calls in which Asio waits for events on Linux.
bool is_event_wait(long number) {
#ifdef SYS_epoll_wait
  if (number == SYS_epoll_wait) return true;
#endif
#ifdef SYS_epoll_pwait2
  if (number == SYS_epoll_pwait2) return true;
#endif
  return number == SYS_epoll_pwait || number == SYS_io_uring_enter;
}

std::string folder_of(pid_t tid) {
  return "/proc/self/task/" + std::to_string(tid);
}

}  // namespace

thread_sampler::thread_sampler(pid_t tid, clockid_t cpu_clock)
    : tid_(tid),
      cpu_clock_(cpu_clock),
      schedstat_(folder_of(tid) + "/schedstat"),
      syscall_(folder_of(tid) + "/syscall"),
      sched_(folder_of(tid) + "/sched"),
      stat_(folder_of(tid) + "/stat") {}

std::optional<thread_sample> thread_sampler::sample(std::chrono::steady_clock::time_point now) const {
  timespec cpu{};
  if (::clock_gettime(cpu_clock_, &cpu) != 0) return std::nullopt;

  thread_sample out;
  out.time = now;
  out.cpu = system::to_nanoseconds(cpu);
  out.run_queue = system::parse_run_delay(schedstat_.read());
  out.call = system::parse_syscall(syscall_.read());
  if (!out.call) return out;
  if (out.call->running) {
    out.state = thread_state::runnable;
  } else if (is_event_wait(out.call->number)) {
    out.state = thread_state::waiting;
  } else {
    out.state = thread_state::asleep;
  }
  return out;
}

// sample() read the CPU clock of the thread, and if the thread runs, the kernel updated its exec_start then.
std::optional<nanoseconds> thread_sampler::not_running_for(const thread_sample& sample, scheduler_clock& clock) const {
  const auto last_ran = system::parse_exec_start(sched_.read());
  const auto cpu = system::parse_cpu(stat_.read());
  if (!last_ran || !cpu) return std::nullopt;
  // A thread that computes needs its CPU, so the watchdog moves to it only if the thread sleeps.
  const auto since = clock.to_steady(*last_ran, *cpu, sample.state == thread_state::asleep);
  if (!since || *since > sample.time + clock_tolerance) return std::nullopt;
  return std::max(nanoseconds{0}, sample.time - *since);
}

}  // namespace loopscope::monitor
