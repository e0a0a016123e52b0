// SPDX-License-Identifier: MIT

#include "process.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "clock.hpp"
#include "number.hpp"
#include "proc_file.hpp"

namespace loopscope::system {
namespace {

using std::chrono::nanoseconds;

constexpr std::uint64_t bytes_per_kib = 1024;

constexpr std::uint64_t unknown_limit = std::numeric_limits<std::uint64_t>::max() - 1;
/// The soft limit of descriptors that raise_descriptor_limit() found.
std::atomic<std::uint64_t> soft_limit_at_start{unknown_limit};

nanoseconds to_nanoseconds(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

bool blocking_reset_peak() {
  const int file = ::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool reset = ::write(file, "5", 1) == 1;
  ::close(file);
  return reset;
}

std::string folder_of(pid_t process) {
  return "/proc/" + (process == this_process ? "self" : std::to_string(process));
}

std::optional<nanoseconds> read_cpu(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return std::nullopt;
  return system::to_nanoseconds(time);
}

std::optional<std::uint64_t> parse_kib(std::string_view status, std::string_view key) {
  const auto kib = parse_field(status, key);
  return kib ? std::optional{*kib * bytes_per_kib} : std::nullopt;
}

}  // namespace

cpu_time cpu_time::now() noexcept {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return {to_nanoseconds(usage.ru_utime), to_nanoseconds(usage.ru_stime), read_clock(CLOCK_THREAD_CPUTIME_ID)};
}

resident_memory blocking_read_resident_memory() {
  const std::string status = proc_file{"/proc/self/status"}.read();
  return {parse_kib(status, "VmRSS"), parse_kib(status, "VmHWM")};
}

void peak_memory_meter::credit_peak(const resident_memory& now) {
  for (figures& each : under_way_)
    if (each.peak_bytes && now.peak_bytes) each.peak_bytes = std::max(*each.peak_bytes, *now.peak_bytes);
}

peak_memory_meter::span::span(peak_memory_meter& meter) : meter_(meter) {
  const std::lock_guard lock{meter_.mutex_};
  meter_.credit_peak(blocking_read_resident_memory());
  const bool reset = blocking_reset_peak();
  const resident_memory now = blocking_read_resident_memory();
  mine_ = meter_.under_way_.insert(meter_.under_way_.end(),
                                   {now.current_bytes, reset ? now.peak_bytes : std::nullopt, std::nullopt});
}

peak_memory_meter::span::~span() {
  if (ended_) return;
  const std::lock_guard lock{meter_.mutex_};
  meter_.under_way_.erase(mine_);
}

peak_memory_meter::figures peak_memory_meter::span::blocking_end() {
  const std::lock_guard lock{meter_.mutex_};
  const resident_memory now = blocking_read_resident_memory();
  meter_.credit_peak(now);
  figures mine = *mine_;
  mine.after_bytes = now.current_bytes;
  meter_.under_way_.erase(mine_);
  ended_ = true;
  return mine;
}

process_figures parse_process_stat(std::string_view stat, std::uint64_t page_bytes) {
  process_figures out;
  out.threads = parse_stat_field<std::uint64_t>(stat, 20);
  out.started_ticks = parse_stat_field<std::uint64_t>(stat, 22);
  out.virtual_bytes = parse_stat_field<std::uint64_t>(stat, 23);
  out.resident_bytes = parse_stat_field<std::uint64_t>(stat, 24);
  if (out.resident_bytes) *out.resident_bytes *= page_bytes;
  return out;
}

process_figures blocking_read_process(pid_t process) {
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  process_figures out = parse_process_stat(proc_file{folder_of(process) + "/stat"}.read(), page_bytes);
  out.cpu = read_cpu(process);
  return out;
}

std::optional<std::uint64_t> blocking_count_descriptors(pid_t process) {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator entry{folder_of(process) + "/fd", error}, end; !error && entry != end;
       entry.increment(error))
    ++count;
  if (process != this_process) return error ? std::nullopt : std::optional{count};
  if (error || count == 0) return std::nullopt;
  return count - 1;  // without the one that lists them
}

std::optional<double> blocking_read_start_time_s(const process_figures& process) {
  std::ifstream lines{"/proc/stat"};  // longer than what a proc_file reads: a line for each CPU comes first
  std::optional<std::uint64_t> boot_s;
  for (std::string line; !boot_s && std::getline(lines, line);) boot_s = parse_field(line, "btime");
  if (!boot_s || !process.started_ticks) return std::nullopt;
  const auto ticks_per_s = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return static_cast<double>(*boot_s) + static_cast<double>(*process.started_ticks) / ticks_per_s;
}

std::optional<std::uint64_t> max_descriptors(pid_t process) noexcept {
  rlimit limit{};
  if (::prlimit(process, RLIMIT_NOFILE, nullptr, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

std::size_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  soft_limit_at_start = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return max_descriptors().value_or(std::numeric_limits<std::size_t>::max());
}

void restore_descriptor_limit() noexcept {
  rlimit limit{};
  const auto soft = soft_limit_at_start.load();
  if (soft == unknown_limit || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min(static_cast<rlim_t>(soft), limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t blocking_count_free_descriptors(std::size_t wanted) {
  std::vector<int> opened;
  opened.reserve(wanted);
  while (opened.size() < wanted) {
    const int descriptor = ::open("/", O_PATH | O_CLOEXEC);
    if (descriptor < 0) break;
    opened.push_back(descriptor);
  }
  for (const int each : opened) ::close(each);
  return opened.size();
}

}  // namespace loopscope::system
