// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace loopscope::system {

/// A small kernel file (procfs, cgroupfs) kept open and read from its beginning each time.
///
/// Threads: read() from one thread at a time. Errors: a file that is missing or gone reads as an empty
/// string.
class proc_file {
 public:
  proc_file() noexcept = default;
  explicit proc_file(const std::string& path);
  proc_file(proc_file&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  proc_file& operator=(proc_file&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~proc_file();

  /// At most the first 4095 bytes.
  std::string read() const;

 private:
  int fd_ = -1;
};

/// /proc/PID/task/TID/syscall: "running", or the number and arguments of the call that the thread sleeps in
/// ("-1" when it sleeps outside any call, as in a page fault), and where it will go on.
struct syscall_line {
  bool running = false;
  long number = -1;
  std::array<std::uint64_t, 6> arguments{};
  std::uint64_t stack_pointer = 0;    ///< 0 when unknown
  std::uint64_t program_counter = 0;  ///< 0 when unknown

  bool operator==(const syscall_line&) const = default;
};

/// Takes the next word off `text`. Blanks before it are skipped; a blank or a line feed ends it.
std::string_view next_word(std::string_view& text);

/// Parsers of kernel text. Errors: nullopt for what is not there, so that a missing figure never becomes 0.
std::optional<syscall_line> parse_syscall(std::string_view text);

struct schedstat {
  std::chrono::nanoseconds cpu{0};        ///< up to the last tick of a thread that runs
  std::chrono::nanoseconds run_delay{0};  ///< time spent runnable, waiting for a CPU
  std::uint64_t time_slices = 0;          ///< how often it came onto a CPU
};
std::optional<schedstat> parse_schedstat(std::string_view text);

/// se.exec_start of a sched file: when the thread last ran, on the scheduler's own clock; nullopt
/// while it is being moved to another CPU.
std::optional<std::chrono::nanoseconds> parse_exec_start(std::string_view text);

/// A field of a stat file, numbered from 1 as in proc(5). The second one is a name in parentheses that may contain
/// anything, so only fields behind it can be read. Number: int, std::uint64_t.
template <class Number>
std::optional<Number> parse_stat_field(std::string_view stat, int number);

/// The state letter of a stat file, as parse_state(); '\0' when there is none.
char parse_stat_state(std::string_view stat);

/// The CPU that the thread of a stat file last ran on.
std::optional<int> parse_cpu(std::string_view stat);

/// The number after a key at the start of a line; base 10, or 16 for masks.
std::optional<std::uint64_t> parse_field(std::string_view text, std::string_view key, int base = 10);

/// The state letter of a status file: R, S, D, T, t, Z, X.
char parse_state(std::string_view status);

/// throttled_usec (cgroup v2) or throttled_time (v1, nanoseconds) of a cpu.stat file.
std::optional<std::chrono::nanoseconds> parse_throttled(std::string_view cpu_stat);

}  // namespace loopscope::system
