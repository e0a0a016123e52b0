// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>

namespace loopscope::system {

/// CPU time used so far by the whole process and by the calling thread.
///
/// Units: nanoseconds of CPU. Threads: any; two system calls that do not block.
/// Source: getrusage(2) RUSAGE_SELF, clock_gettime(2) CLOCK_THREAD_CPUTIME_ID.
struct cpu_time {
  std::chrono::nanoseconds process_user{};
  std::chrono::nanoseconds process_system{};
  std::chrono::nanoseconds this_thread{};

  static cpu_time now() noexcept;
  cpu_time since(const cpu_time& start) const noexcept {
    return {process_user - start.process_user, process_system - start.process_system, this_thread - start.this_thread};
  }
};

/// VmRSS and VmHWM of this process in bytes; nothing where /proc does not say.
struct resident_memory {
  std::optional<std::uint64_t> current_bytes;
  std::optional<std::uint64_t> peak_bytes;
};

resident_memory blocking_read_resident_memory();

/// Measures the peak resident memory of spans of time, also of spans that overlap.
///
/// The kernel keeps one peak a process; each begin() resets it (clear_refs) after crediting what it showed to the
/// spans already under way. Units: bytes. Errors: a kernel that refuses the reset gives a span without a peak.
/// Threads: any; every member reads /proc and may block.
/// Source: proc(5), /proc/PID/clear_refs value 5 and VmHWM in /proc/PID/status.
class peak_memory_meter {
 public:
  struct figures {
    std::optional<std::uint64_t> before_bytes, peak_bytes, after_bytes;
  };

  /// One span under way. Lifetime: ends with blocking_end() or its destruction, before the meter does.
  class span {
   public:
    explicit span(peak_memory_meter& meter);
    ~span();
    span(const span&) = delete;
    span& operator=(const span&) = delete;
    figures blocking_end();

   private:
    peak_memory_meter& meter_;
    std::list<figures>::iterator mine_;
    bool ended_ = false;
  };

 private:
  void credit_peak(const resident_memory& now);

  std::mutex mutex_;
  std::list<figures> under_way_;
};

/// What the kernel says about a process. Absent: the kernel does not say, or the process is gone.
///
/// Source: proc(5): /proc/PID/stat, fd; /proc/stat btime. CPU time from clock_getcpuclockid(3).
struct process_figures {
  std::optional<std::chrono::nanoseconds> cpu;
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> threads;
  /// In clock ticks since the machine started.
  std::optional<std::uint64_t> started_ticks;
};

/// Fields of /proc/PID/stat; the command's name in it may hold spaces and parentheses.
process_figures parse_process_stat(std::string_view stat, std::uint64_t page_bytes);

/// The process that calls, for the functions below.
inline constexpr pid_t this_process = 0;

/// Threads: any. Each reads one small kernel file, or lists one folder: microseconds, but system calls.
process_figures blocking_read_process(pid_t process = this_process);
std::optional<std::uint64_t> blocking_count_descriptors(pid_t process = this_process);
/// Seconds since 1970.
std::optional<double> blocking_read_start_time_s(const process_figures& process);

/// The soft limit of open file descriptors; nullopt when there is none. Source: prlimit(2).
std::optional<std::uint64_t> max_descriptors(pid_t process = this_process) noexcept;

/// Raises the soft limit of descriptors to the hard one. Returns the limit that is in force now.
std::size_t raise_descriptor_limit() noexcept;

/// Gives the calling process the soft limit back that it had before raise_descriptor_limit(), for a program that it
/// executes. Threads: any; may be called between fork(2) and execve(2).
void restore_descriptor_limit() noexcept;

/// How many descriptors can be opened now, at most `wanted`: opens that many and closes them again.
std::size_t blocking_count_free_descriptors(std::size_t wanted);

}  // namespace loopscope::system
