// SPDX-License-Identifier: MIT

#include "thread_sampler.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "thread_slot.hpp"
#include "writers/system/clock.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds clock_tolerance{1};
constexpr int enough_prompt_beats = 3;

}  // namespace

thread_sampler::thread_sampler(const watched_thread& thread, const memory_range& scheduler, event_queue& events)
    : thread_(thread),
      scheduler_(scheduler),
      events_(events),
      schedstat_(thread.folder() + "/schedstat"),
      syscall_(thread.folder() + "/syscall"),
      sched_(thread.folder() + "/sched"),
      stat_(thread.folder() + "/stat"),
      status_(thread.folder() + "/status") {
  if (thread.pid == ::getpid()) cpu_clock_ = thread_identity::of(thread.tid).cpu_clock;
}

std::optional<thread_sample> thread_sampler::sample() {
  thread_sample out;
  out.time = std::chrono::steady_clock::now();
  timespec cpu{};
  if (cpu_clock_ && ::clock_gettime(*cpu_clock_, &cpu) != 0) return std::nullopt;
  out.cpu = system::to_nanoseconds(cpu);
  const auto scheduled = system::parse_schedstat(schedstat_.read());
  if (scheduled) {
    out.run_queue = scheduled->run_delay;
    out.wakeups = scheduled->time_slices;
  }
  out.call = system::parse_syscall(syscall_.read());
  if (!cpu_clock_) {
    if (!scheduled) return std::nullopt;
    out.cpu = scheduled->cpu;
    out.state = state_of_other_process(out.call);
  } else if (out.call) {
    out.state = state_of(*out.call);
  }
  return out;
}

thread_state thread_sampler::state_of(const system::syscall_line& call) {
  last_wait_stack_pointer_ = 0;
  if (call.running) return thread_state::runnable;
  if (call.number == SYS_futex)
    return scheduler_.contains(call.arguments[0]) ? thread_state::waiting : thread_state::asleep;
  if (!is_event_wait(call)) return thread_state::asleep;
  if (const auto own = events_.is_own(call)) return *own ? thread_state::waiting : thread_state::asleep;
  idle_stack_pointer_ = std::max(idle_stack_pointer_, call.stack_pointer);
  if (call.stack_pointer >= idle_stack_pointer_) return thread_state::waiting;
  last_wait_stack_pointer_ = call.stack_pointer;
  return thread_state::asleep;
}

// Such a thread says itself when it waits for events. The kernel may refuse to tell the call.
thread_state thread_sampler::state_of_other_process(const std::optional<system::syscall_line>& call) const {
  const char letter = system::parse_stat_state(stat_.read());
  if (letter == 't' && is_stopped_by_this_process()) return thread_state::runnable;
  if (letter == 'T' || letter == 't') return thread_state::stopped;
  if (call) return call->running ? thread_state::runnable : thread_state::asleep;
  if (letter == 'R') return thread_state::runnable;
  return letter == 'S' || letter == 'D' ? thread_state::asleep : thread_state::unknown;
}

// For a moment, to copy its stack. The tracer is a thread, which may have ended meanwhile.
bool thread_sampler::is_stopped_by_this_process() const {
  const auto tracer = system::parse_field(status_.read(), "TracerPid");
  if (!tracer || *tracer == 0) return true;
  const auto exists = [](const std::string& folder) { return ::access(folder.c_str(), F_OK) == 0; };
  const auto id = std::to_string(*tracer);
  return exists("/proc/self/task/" + id) || !exists("/proc/" + id);
}

void thread_sampler::on_beat(bool prompt) noexcept {
  prompt_beats_ = prompt && last_wait_stack_pointer_ != 0 ? prompt_beats_ + 1 : 0;
  if (prompt_beats_ < enough_prompt_beats) return;
  idle_stack_pointer_ = last_wait_stack_pointer_;
  prompt_beats_ = 0;
}

std::optional<std::uint64_t> thread_sampler::voluntary_switches() const {
  return system::parse_field(status_.read(), "voluntary_ctxt_switches");
}

// sample() read the CPU clock of the thread, and if the thread runs, the kernel updated its exec_start then.
std::optional<nanoseconds> thread_sampler::not_running_for(const thread_sample& sample, scheduler_clock& clock) const {
  const auto last_ran = system::parse_exec_start(sched_.read());
  const auto cpu = system::parse_cpu(stat_.read());
  if (!last_ran || !cpu) return std::nullopt;
  // A thread that computes needs its CPU, so the watchdog moves to it only if the thread sleeps or waits.
  const bool leaves_cpu = sample.state == thread_state::asleep || sample.state == thread_state::waiting;
  const auto since = clock.to_steady(*last_ran, *cpu, leaves_cpu);
  if (!since || *since > sample.time + clock_tolerance) return std::nullopt;
  return std::max(nanoseconds{0}, sample.time - *since);
}

}  // namespace loopscope::monitor
