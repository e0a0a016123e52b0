// SPDX-License-Identifier: MIT

#include "map_users.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "proc_text.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::watch {
namespace {

constexpr std::chrono::milliseconds max_age{250};
constexpr int max_generations = 64;

std::string file_of(pid_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

namespace_ids blocking_ids_of(const std::string& folder) {
  return parse_namespace_ids(blocking_read_text(folder + "/status").value_or(""));
}

bool blocking_is_below_watcher(pid_t pid) {
  for (int i = 0; i < max_generations && pid > 1; ++i) {
    const auto parent = system::parse_stat_field<int>(system::proc_file{file_of(pid, "stat")}.read(), 4);
    if (!parent) return false;
    if (*parent == ::getpid()) return true;
    pid = *parent;
  }
  return false;
}

}  // namespace

void map_users::blocking_update() {
  of_other_namespaces_.clear();
  for (const pid_t pid : blocking_list_numbers("/proc")) {
    const auto ids = blocking_ids_of("/proc/" + std::to_string(pid));
    if (ids.depth > own_namespace_depth() && blocking_may_use_map(pid))
      of_other_namespaces_.emplace(ids.innermost, pid);
  }
  for (const auto& [own_pid, pid] : of_other_namespaces_)
    if (blocking_find(own_pid).users > 1) shared_ids_.insert(own_pid);
  updated_ = std::chrono::steady_clock::now();
}

void map_users::blocking_update_if_old() {
  if (std::chrono::steady_clock::now() - updated_ > max_age) blocking_update();
}

// The map of a process that may not be looked into cannot be seen: it may have one if it comes from the command.
bool map_users::blocking_may_use_map(pid_t pid) const {
  const auto maps = blocking_read_text(file_of(pid, "maps"));
  if (!maps) return blocking_is_below_watcher(pid);
  return maps->find(" " + std::to_string(inode_) + " ") != std::string::npos;
}

map_users::found map_users::blocking_find(pid_t own_pid) const {
  found out;
  const auto add = [&out](pid_t pid) {
    ++out.users;
    out.pid = out.users == 1 ? std::optional{pid} : std::nullopt;
  };
  const auto ids = blocking_ids_of("/proc/" + std::to_string(own_pid));
  if (ids.depth == own_namespace_depth() && blocking_may_use_map(own_pid)) add(own_pid);
  const auto [first, last] = of_other_namespaces_.equal_range(own_pid);
  std::for_each(first, last, [&](const auto& each) { add(each.second); });
  if (out.users > 0 && shared_ids_.contains(own_pid)) return {std::max<std::size_t>(out.users, 2), std::nullopt};
  return out;
}

std::optional<monitor::watched_thread> map_users::blocking_find_thread(pid_t own_pid, pid_t own_tid) const {
  const auto process = blocking_find(own_pid).pid;
  if (!process) return std::nullopt;
  const monitor::watched_thread same{*process, own_tid};
  if (*process == own_pid) return ::access(same.folder().c_str(), F_OK) == 0 ? std::optional{same} : std::nullopt;
  for (const pid_t tid : blocking_list_numbers(file_of(*process, "task"))) {
    const monitor::watched_thread thread{*process, tid};
    if (blocking_ids_of(thread.folder()).innermost == own_tid) return thread;
  }
  return std::nullopt;
}

}  // namespace loopscope::watch
