// SPDX-License-Identifier: MIT

#include "process_book.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

namespace loopscope::watch {
namespace {

/// The arguments with blanks between them; for a kernel thread or a process that has ended, nothing.
std::string blocking_command_line(pid_t pid) {
  constexpr std::size_t max_length = 4096;
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary);
  std::string out(std::istreambuf_iterator<char>(file), {});
  if (out.size() > max_length) out.resize(max_length);
  while (!out.empty() && out.back() == '\0') out.pop_back();
  std::ranges::replace(out, '\0', ' ');
  return out;
}

}  // namespace

process_book::process_book(pid_t command, const watch_map_owner& map, std::string preload)
    : command_(command), map_(map.map()), users_(map.inode()), preload_(std::move(preload)) {}

void process_book::blocking_look() {
  const auto below = blocking_find_descendants(command_);
  std::set<pid_t> running(below.begin(), below.end());
  users_.blocking_update();
  // One that has detached itself is in the map still.
  for (const auto& each : map_.processes) {
    const auto own_pid = each.pid.load(std::memory_order_relaxed);
    const auto user = own_pid > 0 ? users_.blocking_find(own_pid) : map_users::found{};
    if (user.pid) running.insert(*user.pid);
  }
  for (const auto pid : running) blocking_look_at(pid);
  forget_ended();
}

// The map has room for a number of processes at a time.
void process_book::forget_ended() {
  for (auto& each : map_.processes) {
    auto pid = each.pid.load(std::memory_order_relaxed);
    if (pid <= 0 || users_.blocking_find(pid).users > 0) continue;
    each.pid.compare_exchange_strong(pid, 0);
  }
}

void process_book::blocking_look_at(pid_t pid) {
  auto facts = blocking_collect_facts(pid, preload_);
  if (!facts) return;
  auto found = entries_.find(pid);
  if (found == entries_.end()) {
    if (entries_.size() >= max_processes_kept) return;
    found = entries_.emplace(pid, entry{}).first;
    found->second.order = entries_.size();
    found->second.earlier_times = facts->times;
  }
  auto& known = found->second;
  if (auto spinning = find_spinning_thread(known.earlier_times, facts->times)) known.spinning = spinning;
  if (facts->times.taken_at - known.earlier_times.taken_at > std::chrono::seconds{1})
    known.earlier_times = facts->times;
  // Before an exec it had the line of the program that it came from.
  if (auto line = blocking_command_line(pid); !line.empty()) known.command = std::move(line);
  known.facts = *std::move(facts);
  known.map = facts_so_far(pid, known);
}

/// What the map has said of the process so far, and says now: its words there are freed when it has ended.
map_facts process_book::facts_so_far(pid_t pid, const entry& known) const {
  const auto own_pid = known.facts.other_pid_namespace ? known.facts.pid_in_namespace : pid;
  auto out = find_map_facts(map_, own_pid);
  out.registered = out.registered || known.map.registered;
  out.has_loop = out.has_loop || known.map.has_loop;
  out.users = std::max(users_.blocking_find(own_pid).users, known.map.users);
  out.lost_threads = std::max(out.lost_threads, known.map.lost_threads);
  return out;
}

std::vector<process_book::process> process_book::processes() const {
  std::vector<std::pair<std::size_t, process>> ordered;
  for (const auto& [pid, each] : entries_) {
    const observed_process seen{each.facts, facts_so_far(pid, each), each.spinning};
    ordered.emplace_back(each.order, process{pid, each.command, unseen_of(seen)});
  }
  std::ranges::stable_sort(ordered, {}, &std::pair<std::size_t, process>::first);
  std::vector<process> out;
  for (auto& each : ordered) out.push_back(std::move(each.second));
  return out;
}

}  // namespace loopscope::watch
