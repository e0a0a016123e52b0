// SPDX-License-Identifier: MIT

#include "process_facts.hpp"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "preload_library.hpp"
#include "proc_text.hpp"
#include "writers/system/clock.hpp"
#include "writers/system/number.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::watch {
namespace {

namespace fs = std::filesystem;
using std::chrono::nanoseconds;

constexpr std::uint64_t at_secure = 23;
constexpr nanoseconds min_between_looks = std::chrono::seconds{1};
/// Of the time. What a thread that runs has had on its CPU is known up to the last tick.
constexpr double spinning_share = 0.95;

std::string process_path(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

bool blocking_has_io_uring(pid_t pid) {
  const std::string folder = process_path(pid, "fd");
  const auto descriptors = blocking_list_numbers(folder);
  return std::ranges::any_of(descriptors, [&](pid_t each) {
    std::error_code error;
    return fs::read_symlink(folder + "/" + std::to_string(each), error) == "anon_inode:[io_uring]";
  });
}

thread_times blocking_read_thread_times(pid_t pid) {
  thread_times out{system::read_clock(CLOCK_MONOTONIC), {}};
  const std::string folder = process_path(pid, "task");
  for (const pid_t tid : blocking_list_numbers(folder)) {
    const auto line = system::proc_file{folder + "/" + std::to_string(tid) + "/schedstat"}.read();
    if (const auto times = system::parse_schedstat(line)) out.threads.push_back({tid, times->cpu + times->run_delay});
  }
  return out;
}

/// No process has the ID 0: the call is refused for what it is, or finds nobody.
bool may_call_ptrace() noexcept {
  static const bool allowed = ::ptrace(PTRACE_SEIZE, 0, nullptr, nullptr) == 0 || errno != EPERM;
  return allowed;
}

bool is_own_thread(std::uint64_t tid) {
  std::error_code error;
  return fs::exists("/proc/self/task/" + std::to_string(tid), error);
}

trace_obstacle blocking_find_reason(pid_t pid, bool same_user) {
  const std::string scope = system::proc_file{"/proc/sys/kernel/yama/ptrace_scope"}.read();
  if (scope.starts_with("3")) return trace_obstacle::yama_off;
  if (scope.starts_with("2")) return trace_obstacle::yama_admin;
  if (!same_user) return trace_obstacle::another_user;
  // The files of a process that is not dumpable belong to root.
  struct stat owner {};
  if (::stat(("/proc/" + std::to_string(pid)).c_str(), &owner) == 0 && owner.st_uid != ::geteuid())
    return trace_obstacle::not_dumpable;
  return scope.starts_with("1") ? trace_obstacle::yama_not_below : trace_obstacle::unknown;
}

std::optional<trace_obstacle> blocking_find_obstacle(pid_t pid, const std::string& status, bool same_user) {
  const auto tracer = system::parse_field(status, "TracerPid").value_or(0);
  if (tracer != 0 && !is_own_thread(tracer)) return trace_obstacle::another_tracer;
  if (!may_call_ptrace()) return trace_obstacle::ptrace_forbidden;
  const int memory = ::open(process_path(pid, "mem").c_str(), O_RDONLY | O_CLOEXEC);
  const bool refused = memory < 0 && (errno == EACCES || errno == EPERM);
  if (memory >= 0) ::close(memory);
  return refused ? std::optional{blocking_find_reason(pid, same_user)} : std::nullopt;
}

/// Another effective user or group than the real one: what setuid and setgid files give, and what anybody may see.
bool has_other_rights(std::string_view status) {
  const auto differs = [&](std::string_view key) {
    const auto at = status.find(key);
    if (at == std::string_view::npos) return false;
    auto rest = status.substr(at + key.size());
    const auto real = system::next_word(rest);
    return real != system::next_word(rest);
  };
  return differs("\nUid:") || differs("\nGid:");
}

/// A path as a whole entry of LD_PRELOAD.
bool names_library(std::string_view preload, std::string_view library) {
  while (!preload.empty()) {
    const auto end = std::min(preload.find_first_of(" :"), preload.size());
    if (preload.substr(0, end) == library) return true;
    preload.remove_prefix(std::min(end + 1, preload.size()));
  }
  return false;
}

void blocking_read_start_of_program(process_facts& out, const std::string& preload) {
  if (const auto variables = blocking_read_text(process_path(out.pid, "environ"))) {
    out.preload_kept = names_library(parse_variable(*variables, "LD_PRELOAD").value_or(""), preload);
    out.map_kept = parse_variable(*variables, map_variable).has_value();
  }
  if (const auto vector = blocking_read_text(process_path(out.pid, "auxv"))) out.gained_rights = parse_secure(*vector);
  out.image = blocking_read_program_image(process_path(out.pid, "exe"));
  const auto maps = blocking_read_text(process_path(out.pid, "maps"));
  if (maps && !maps->empty()) out.library_loaded = maps->find(preload_library_name) != std::string::npos;
}

}  // namespace

std::vector<pid_t> blocking_find_descendants(pid_t root) {
  std::multimap<pid_t, pid_t> children;
  bool alive = false;
  for (const pid_t pid : blocking_list_numbers("/proc")) {
    const std::string stat = system::proc_file{process_path(pid, "stat")}.read();
    if (const auto parent = system::parse_stat_field<int>(stat, 4)) children.emplace(*parent, pid);
    alive = alive || (pid == root && !stat.empty());
  }
  std::vector<pid_t> out;
  if (alive) out.push_back(root);
  for (std::size_t at = 0; at < out.size(); ++at) {
    const auto [first, last] = children.equal_range(out[at]);
    for (auto each = first; each != last; ++each)
      if (std::ranges::find(out, each->second) == out.end()) out.push_back(each->second);  // IDs may change hands
  }
  return out;
}

std::optional<process_facts> blocking_collect_facts(pid_t pid, const std::string& preload) {
  const auto status = blocking_read_text(process_path(pid, "status"));
  const char state = status ? system::parse_state(*status) : 'X';
  if (state == 'Z' || state == 'X' || state == '?') return std::nullopt;
  process_facts out;
  out.pid = pid;
  out.name = system::proc_file{process_path(pid, "comm")}.read();
  out.name.resize(std::min(out.name.find('\n'), out.name.size()));
  out.same_user = system::parse_field(*status, "Uid") == ::getuid();
  const auto ids = parse_namespace_ids(*status);
  out.pid_in_namespace = ids.depth > 0 ? ids.innermost : pid;
  out.other_pid_namespace = ids.depth > own_namespace_depth();
  blocking_read_start_of_program(out, preload);
  if (!out.gained_rights && has_other_rights(*status)) out.gained_rights = true;
  out.obstacle = blocking_find_obstacle(pid, *status, out.same_user);
  out.uses_io_uring = blocking_has_io_uring(pid);
  out.times = blocking_read_thread_times(pid);
  return out;
}

map_facts find_map_facts(const watch_map& map, pid_t pid) noexcept {
  map_facts out;
  for (const auto& each : map.processes) {
    if (each.pid != pid) continue;
    out.registered = true;
    out.lost_threads = each.lost_threads;
  }
  for (const auto& each : map.threads)
    out.has_loop = out.has_loop || (each.tid != 0 && each.pid == pid && each.is_loop != 0);
  return out;
}

std::optional<spinning_thread> find_spinning_thread(const thread_times& earlier, const thread_times& later) {
  const nanoseconds between = later.taken_at - earlier.taken_at;
  if (between < min_between_looks) return std::nullopt;
  for (const auto& now : later.threads) {
    const auto before = std::ranges::find(earlier.threads, now.tid, &thread_time::tid);
    if (before == earlier.threads.end()) continue;
    const auto awake = std::chrono::duration<double>(now.awake - before->awake);
    if (awake >= spinning_share * std::chrono::duration<double>(between)) return spinning_thread{now.tid, between};
  }
  return std::nullopt;
}

std::optional<bool> parse_secure(std::string_view auxv) {
  std::array<std::uint64_t, 2> entry{};
  for (; auxv.size() >= sizeof entry; auxv.remove_prefix(sizeof entry)) {
    std::memcpy(entry.data(), auxv.data(), sizeof entry);
    if (entry[0] == at_secure) return entry[1] != 0;
  }
  return std::nullopt;
}

std::optional<std::string> parse_variable(std::string_view environ_text, std::string_view name) {
  while (!environ_text.empty()) {
    const auto end = std::min(environ_text.find('\0'), environ_text.size());
    const auto entry = environ_text.substr(0, end);
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
      return std::string{entry.substr(name.size() + 1)};
    environ_text.remove_prefix(std::min(end + 1, environ_text.size()));
  }
  return std::nullopt;
}

}  // namespace loopscope::watch
