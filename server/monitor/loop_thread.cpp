#include "loop_thread.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "syscall_names.hpp"
#include "writers/system/clock.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds clock_tolerance{1};

std::string folder_of(pid_t tid) {
  return "/proc/self/task/" + std::to_string(tid);
}

std::string path_of(int fd) {
  std::array<char, 4096> target;
  const auto link = "/proc/self/fd/" + std::to_string(fd);
  const auto size = ::readlink(link.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string{};
}

}  // namespace

loop_thread::loop_thread(pid_t tid, clockid_t cpu_clock)
    : tid_(tid),
      cpu_clock_(cpu_clock),
      schedstat_(folder_of(tid) + "/schedstat"),
      syscall_(folder_of(tid) + "/syscall"),
      sched_(folder_of(tid) + "/sched"),
      stat_(folder_of(tid) + "/stat") {}

std::optional<sighting> loop_thread::look(std::chrono::steady_clock::time_point now) const {
  timespec cpu{};
  if (::clock_gettime(cpu_clock_, &cpu) != 0) return std::nullopt;

  sighting out;
  out.now = now;
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

// The kernel has just brought exec_start up to date, if the thread runs, since its CPU time was asked for.
std::optional<nanoseconds> loop_thread::away_for(const sighting& seen, scheduler_clock& clock) const {
  const auto last_ran = system::parse_exec_start(sched_.read());
  const auto cpu = system::parse_cpu(stat_.read());
  if (!last_ran || !cpu) return std::nullopt;
  // A thread that computes needs its CPU itself.
  const auto since = clock.to_steady(*last_ran, *cpu, seen.state == thread_state::asleep);
  if (!since || *since > seen.now + clock_tolerance) return std::nullopt;
  return std::max(nanoseconds{0}, seen.now - *since);
}

std::optional<blocked_call> loop_thread::describe(const system::syscall_line& call) const {
  if (call.running || call.number < 0) return std::nullopt;
  blocked_call out;
  out.name = syscall_name(call.number);
  if (takes_descriptor(call.number)) {
    out.fd = static_cast<int>(call.arguments[0]);
    out.path = path_of(*out.fd);
  }
  auto channel = system::proc_file(folder() + "/wchan").read();
  if (channel != "0") out.wait_channel = std::move(channel);
  return out;
}

std::string loop_thread::obstacle_to_signal(int signal) const {
  const auto status = system::proc_file(folder() + "/status").read();
  if (system::parse_field(status, "TracerPid").value_or(0) != 0)
    return "the process is being traced (debugger, strace)";
  const auto state = system::parse_state(status);
  if (state == 'T' || state == 't') return "the thread is stopped";
  const auto blocked = system::parse_field(status, "SigBlk", 16).value_or(0);
  if ((blocked >> static_cast<unsigned>(signal - 1)) & 1U) {
    return "the loop's thread blocks signal " + std::to_string(signal);
  }
  return {};
}

std::string loop_thread::folder() const {
  return folder_of(tid_);
}

}  // namespace loopscope::monitor
