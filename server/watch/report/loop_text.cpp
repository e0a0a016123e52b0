// SPDX-License-Identifier: MIT

#include "loop_text.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>

#include "printable_text.hpp"
#include "quantity.hpp"
#include "text_table.hpp"

namespace loopscope::watch {
namespace {

using listed_loops = std::set<const loop_figures*>;

std::vector<const loop_figures*> all_loops(const std::vector<process_figures>& processes) {
  std::vector<const loop_figures*> out;
  for (const auto& process : processes)
    for (const auto& loop : process.loops) out.push_back(&loop);
  return out;
}

listed_loops choose_listed(std::vector<const loop_figures*> loops) {
  if (loops.size() > max_listed_loops) {
    std::ranges::stable_sort(loops, std::ranges::greater{}, [](const auto* each) {
      return std::tuple{each->stalled, each->turns};
    });
    loops.resize(max_listed_loops);
  }
  return {loops.begin(), loops.end()};
}

struct listed_loop {
  const process_figures* process;
  const loop_figures* loop;
};

/// The loops of a process, or of several with the same command line that wait in the same call.
struct loop_group {
  std::string command;
  std::string wait;  ///< empty where the loops of the process wait in several
  std::vector<const process_figures*> processes;
  std::vector<listed_loop> loops;
};

std::string common_wait(const std::vector<loop_figures>& loops) {
  const auto& wait = loops.front().wait;
  return std::ranges::all_of(loops, [&wait](const auto& each) { return each.wait == wait; }) ? wait : std::string{};
}

loop_group& group_of(std::vector<loop_group>& groups, const process_figures& process) {
  auto wait = common_wait(process.loops);
  const auto found = std::ranges::find_if(
      groups, [&](const loop_group& each) { return each.command == process.command && each.wait == wait; });
  if (found != groups.end()) return *found;
  return groups.emplace_back(loop_group{process.command, std::move(wait), {}, {}});
}

std::vector<loop_group> group_loops(const std::vector<process_figures>& processes, const listed_loops& listed) {
  std::vector<loop_group> groups;
  for (const auto& process : processes) {
    if (std::ranges::none_of(process.loops, [&](const auto& each) { return listed.contains(&each); })) continue;
    auto& group = group_of(groups, process);
    group.processes.push_back(&process);
    for (const auto& loop : process.loops)
      if (listed.contains(&loop)) group.loops.push_back({&process, &loop});
  }
  return groups;
}

/// "node server.js (4711), epoll_pwait", "nginx: worker process (2 processes), epoll_wait".
std::string group_line(const loop_group& group) {
  const auto count = group.processes.size();
  auto suffix =
      " (" + (count > 1 ? count_text(count) + " processes" : std::to_string(group.processes.front()->pid)) + ')';
  if (!group.wait.empty()) suffix += ", " + shorten(printable(group.wait), 20);
  return shorten(printable(group.command), text_width - columns(suffix)) + suffix;
}

/// What tells the loop from the others below the same line: nothing, a thread, a process or both.
std::string identity_of(const listed_loop& listed, bool one_process) {
  const auto pid = listed.process->pid;
  const auto tid = listed.loop->tid;
  if (one_process) return tid == pid ? std::string{} : ' ' + std::to_string(tid);
  return ' ' + std::to_string(pid) + (tid == pid ? std::string{} : '/' + std::to_string(tid));
}

/// "  node", "  worker 4713", "  server, 4 threads".
text_table::fitted_text loop_label(const listed_loop& listed, bool one_process) {
  auto suffix = identity_of(listed, one_process);
  if (listed.loop->threads > 1) suffix += ", " + count_text(listed.loop->threads, "thread");
  return [name = printable(listed.loop->name), suffix](std::size_t room) {
    const auto used = 2 + columns(suffix);
    return shorten("  " + shorten(name, room > used ? room - used : 0) + suffix, room);
  };
}

std::vector<std::string> loop_cells(const loop_figures& loop) {
  return {count_text(loop.turns),   percent_text(loop.busy_share),
          duration_text(loop.p50),  duration_text(loop.p99),
          duration_text(loop.p999), duration_text(loop.max),
          count_text(loop.stalls),  loop.stalls > 0 ? duration_text(loop.stalled) : "-"};
}

void add_group(text_table& table, const loop_group& group) {
  table.add_line(group_line(group));
  for (const auto& each : group.loops)
    table.add_row(loop_label(each, group.processes.size() == 1), loop_cells(*each.loop));
}

}  // namespace

std::string loop_text(const std::vector<process_figures>& processes) {
  const auto loops = all_loops(processes);
  if (loops.empty()) return {};
  const auto listed = choose_listed(loops);
  text_table table{"loop", {{"turns"}, {"busy"}, {"p50"}, {"p99"}, {"p99.9"}, {"max"}, {"stalls"}, {"blocked"}}};
  table.set_header_above(2, 5, "how long a turn took");
  for (const auto& each : group_loops(processes, listed)) add_group(table, each);
  if (const auto left_out = loops.size() - listed.size(); left_out > 0)
    table.add_line("... and " + count_text(left_out, "loop") + " that were blocked less. The JSON has them all.");
  return table.text();
}

}  // namespace loopscope::watch
