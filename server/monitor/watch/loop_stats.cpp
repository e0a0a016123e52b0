// SPDX-License-Identifier: MIT

#include "loop_stats.hpp"

#include <algorithm>
#include <utility>

namespace loopscope::monitor {

using std::chrono::nanoseconds;

loop_stats::loop_stats(nanoseconds interval, std::size_t recent_capacity, const thread_roster& roster)
    : interval_(interval), recent_capacity_(std::max<std::size_t>(1, recent_capacity)), roster_(roster) {
  total_.start = std::chrono::steady_clock::now();
}

template <class Change>
void loop_stats::change_windows(Change change) {
  change(total_);
  for (auto& w : windows_) change(*w);
}

void loop_stats::add_lag(const probe_schedule::lag_sample& sample, time_point now) {
  const std::lock_guard lock(mutex_);
  recent_lag_.add(now, sample.lag);
  change_windows([&](stats_window& w) {
    w.raw.record(sample.lag);
    w.corrected.record_corrected(sample.lag, interval_);
    w.corrected.record(sample.idle_lag, sample.idle_deadlines);
  });
}

void loop_stats::add_deadline(std::size_t busy, std::size_t threads) {
  const std::lock_guard lock(mutex_);
  change_windows([&](stats_window& w) {
    w.deadlines += threads;
    w.busy_deadlines += busy;
  });
}

void loop_stats::set_open_stall(stall_record stall) {
  const std::lock_guard lock(mutex_);
  const auto known = std::ranges::find(open_, stall.id, &stall_record::id);
  if (known == open_.end()) {
    open_.push_back(std::move(stall));
  } else {
    *known = std::move(stall);
  }
}

void loop_stats::drop_open_stall(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(open_, [&](const stall_record& each) { return each.id == id; });
}

void loop_stats::set_lag_since(std::optional<time_point> lag_since) {
  const std::lock_guard lock(mutex_);
  lag_since_ = lag_since;
}

void loop_stats::add_ended_stall(stall_record stall) {
  const std::lock_guard lock(mutex_);
  std::erase_if(open_, [&](const stall_record& each) { return each.id == stall.id; });
  change_windows([&](stats_window& w) {
    ++w.stalls;
    w.max_stall = std::max(w.max_stall, stall.duration);
  });
  auto& counter = by_verdict_[static_cast<std::size_t>(stall.verdict)];
  ++counter.stalls;
  counter.total += stall.duration;
  recent_.push_front(std::move(stall));
  if (recent_.size() > recent_capacity_) recent_.pop_back();
}

void loop_stats::update_ended_stall(const stall_record& stall) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(recent_, stall.id, &stall_record::id);
  if (found != recent_.end()) *found = stall;
}

std::shared_ptr<stats_window> loop_stats::open_window(time_point now) {
  auto window = std::make_shared<stats_window>();
  window->start = now;
  window->cpu_at_start = roster_.cpu().value_or(nanoseconds{0});
  const std::lock_guard lock(mutex_);
  windows_.push_back(window);
  return window;
}

window_figures loop_stats::read(const std::shared_ptr<stats_window>& window, time_point now) {
  stats_window next;
  next.start = now;
  next.cpu_at_start = roster_.cpu().value_or(nanoseconds{0});
  const std::lock_guard lock(mutex_);
  return figures(std::exchange(*window, std::move(next)), now);
}

void loop_stats::close_window(const std::shared_ptr<stats_window>& window) {
  const std::lock_guard lock(mutex_);
  std::erase(windows_, window);
}

window_figures loop_stats::total(time_point now) const {
  const std::lock_guard lock(mutex_);
  return figures(total_, now);
}

std::array<verdict_counter, verdict_count> loop_stats::by_verdict() const {
  const std::lock_guard lock(mutex_);
  return by_verdict_;
}

std::vector<stall_record> loop_stats::recent_stalls() const {
  const std::lock_guard lock(mutex_);
  std::vector<stall_record> out;
  out.reserve(open_.size() + recent_.size());
  out.assign(open_.rbegin(), open_.rend());
  out.insert(out.end(), recent_.begin(), recent_.end());
  return out;
}

window_figures loop_stats::figures(const stats_window& window, time_point now) const {
  window_figures out;
  out.elapsed = now - window.start;
  out.stalls = window.stalls;
  auto max_stall = window.max_stall;
  out.stalls += open_.size();
  for (const auto& each : open_) max_stall = std::max(max_stall, nanoseconds{now - each.started_steady});
  if (out.stalls > 0) out.longest_stall = max_stall;
  if (!open_.empty() && lag_since_) {
    auto raw = window.raw;
    auto corrected = window.corrected;
    const nanoseconds lag = now - *lag_since_;
    raw.record(lag);
    corrected.record_corrected(lag, interval_);
    out.raw = raw.figures();
    out.corrected = corrected.figures();
  } else {
    out.raw = window.raw.figures();
    out.corrected = window.corrected.figures();
  }
  if (const auto cpu = roster_.cpu(); cpu && out.elapsed > nanoseconds{0}) {
    const auto used = *cpu - window.cpu_at_start;
    const auto max = static_cast<double>(std::max<std::size_t>(1, roster_.size()));
    out.cpu_share = std::clamp(static_cast<double>(used.count()) / static_cast<double>(out.elapsed.count()), 0.0, max);
  }
  if (window.deadlines > 0)
    out.busy_share = static_cast<double>(window.busy_deadlines) / static_cast<double>(window.deadlines);
  return out;
}

nanoseconds loop_stats::time_in_stalls(time_point now) const {
  const std::lock_guard lock(mutex_);
  nanoseconds sum{0};
  for (const auto& each : by_verdict_) sum += each.total;
  for (const auto& each : open_) sum += now - each.started_steady;
  return sum;
}

std::optional<nanoseconds> loop_stats::max_recent_lag(time_point now) const {
  const std::lock_guard lock(mutex_);
  return recent_lag_.max(now);
}

}  // namespace loopscope::monitor
