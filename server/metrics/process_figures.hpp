#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace loopscope::metrics {

/// What the kernel says of this process; absent where it does not.
///
/// Source: proc(5): /proc/self/stat, limits, fd; /proc/stat btime. CPU time from getrusage(2).
struct process_figures {
  std::chrono::nanoseconds cpu{0};
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> threads;
  /// In clock ticks since the machine started.
  std::optional<std::uint64_t> started_ticks;
};

/// Fields of /proc/PID/stat; the command's name in it may hold spaces and parentheses.
process_figures parse_process_stat(std::string_view stat, std::uint64_t page_bytes);

/// The soft limit of "Max open files"; absent when unlimited.
std::optional<std::uint64_t> parse_max_descriptors(std::string_view limits);

/// The first number after `key` at the start of a line.
std::optional<std::uint64_t> parse_number_after(std::string_view text, std::string_view key);

/// Threads: any. Each reads one small kernel file, or lists one folder: microseconds, but system calls.
process_figures blocking_read_process();
std::optional<std::uint64_t> blocking_count_descriptors();
std::optional<std::uint64_t> blocking_read_max_descriptors();
/// Seconds since 1970.
std::optional<double> blocking_read_start_time_s(const process_figures& process);

}  // namespace loopscope::metrics
