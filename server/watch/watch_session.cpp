// SPDX-License-Identifier: MIT

#include "watch_session.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "report/text_report.hpp"

namespace loopscope::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using steady = std::chrono::steady_clock;

// A shorter stall is told when it has ended.
constexpr std::chrono::seconds min_told_in_progress{1};
// A process changes most soon after its start.
constexpr milliseconds max_time_between_looks{1000};
constexpr std::size_t reports_per_minute = 60;

std::string name_of(wait_kind kind) {
  switch (kind) {
    case wait_kind::epoll_wait:
      return "epoll_wait";
    case wait_kind::epoll_pwait:
      return "epoll_pwait";
    case wait_kind::epoll_pwait2:
      return "epoll_pwait2";
    case wait_kind::poll:
      return "poll";
    case wait_kind::ppoll:
      return "ppoll";
    case wait_kind::select:
      return "select";
    case wait_kind::pselect:
      return "pselect";
    case wait_kind::condition:
      return "pthread_cond_wait";
    case wait_kind::none:
      break;
  }
  return {};
}

loop_figures figures_of(const found_loop& loop) {
  loop_figures out;
  out.tid = loop.tid;
  out.name = loop.name;
  out.wait = name_of(loop.wait);
  out.turns = loop.turns.turns;
  out.busy_share = loop.turns.busy_share();
  out.p50 = loop.turns.quantile(0.5);
  out.p99 = loop.turns.quantile(0.99);
  out.p999 = loop.turns.quantile(0.999);
  if (loop.turns.turns > 0) out.max = loop.turns.longest;
  out.stalls = loop.figures.total.stalls;
  out.stalled = loop.figures.capacity_lost;
  out.threads = loop.threads;
  return out;
}

}  // namespace

watch_session::watch_session(session_settings settings, const watch_map_owner& map, message_log& log)
    : settings_(std::move(settings)),
      map_(map),
      log_(log),
      finder_(map, [this](pid_t pid, const std::string& name) { return options_of(pid, name); }) {}

void watch_session::start(pid_t command, const std::string& preload) {
  started_ = steady::now();
  processes_ = std::make_unique<process_book>(command, map_, preload);
  processes_->blocking_look();
  next_look_ = steady::now() + time_between_looks_;
}

void watch_session::blocking_update() {
  finder_.blocking_update();
  if (steady::now() < next_look_) return;
  processes_->blocking_look();
  time_between_looks_ = std::min(time_between_looks_ * 2, max_time_between_looks);
  next_look_ = steady::now() + time_between_looks_;
}

void watch_session::blocking_finish(bool was_killed) {
  ended_ = steady::now();
  finder_.blocking_finish(was_killed);
}

monitor::options watch_session::options_of(pid_t pid, const std::string& name) {
  monitor::options out;
  out.name = name;
  out.stall_threshold = settings_.threshold;
  out.settle_time = milliseconds{0};
  out.reports_per_minute = reports_per_minute;
  const auto process = blocking_thread_name({pid, pid});
  out.on_stall_end = [this, pid, process](const monitor::stall_record& stall) { stalls_.add(pid, process, stall); };
  if (!settings_.tells_stalls) return out;
  out.on_stall = [this](const monitor::stall_record& stall) {
    if (stall.in_progress && stall.duration < min_told_in_progress) return;
    log_.write(stall_line(stall));
  };
  return out;
}

watch_report watch_session::report() const {
  watch_report out;
  out.command = settings_.command;
  out.added = settings_.added;
  out.threshold = settings_.threshold;
  out.watched = (ended_ == steady::time_point{} ? steady::now() : ended_) - started_;
  std::map<pid_t, std::vector<loop_figures>> loops;
  for (const auto& each : finder_.loops()) loops[each.pid].push_back(figures_of(each));
  for (auto& each : processes_->processes()) {
    auto found = loops.extract(each.pid);
    process_figures process{each.pid, std::move(each.command), {}, std::move(each.unseen)};
    if (!found.empty()) process.loops = std::move(found.mapped());
    const bool is_command = out.processes.empty();
    if (is_command || !process.loops.empty() || !process.unseen.empty()) out.processes.push_back(std::move(process));
  }
  // A process may end before it was looked at.
  for (auto& [pid, figures] : loops) out.processes.push_back({pid, {}, std::move(figures), {}});
  if (const auto lost = unseen_of_map(map_.map()); lost && !out.processes.empty())
    out.processes.front().unseen.push_back(*lost);
  if (const auto left_out = finder_.left_out(); left_out > 0 && !out.processes.empty())
    out.processes.front().unseen.push_back(std::to_string(left_out) + " threads ran loops beyond the " +
                                           std::to_string(loop_finder::max_loops) + " that can be watched.");
  stalls_.fill(out);
  return out;
}

}  // namespace loopscope::watch
