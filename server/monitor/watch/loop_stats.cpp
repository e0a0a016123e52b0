#include "loop_stats.hpp"

#include <algorithm>
#include <utility>

#include "writers/system/clock.hpp"

namespace loopscope::monitor {

using std::chrono::nanoseconds;

loop_stats::loop_stats(nanoseconds interval, std::size_t recent_capacity, const heartbeat& heartbeat)
    : interval_(interval), recent_capacity_(std::max<std::size_t>(1, recent_capacity)), heartbeat_(heartbeat) {
  total_.start = std::chrono::steady_clock::now();
}

template <class Change>
void loop_stats::change_windows(Change change) {
  change(total_);
  for (auto& w : windows_) change(*w);
}

void loop_stats::on_new_thread() {
  const auto cpu = thread_cpu();
  const std::lock_guard lock(mutex_);
  change_windows([&](stats_window& w) { w.cpu_at_start = cpu; });
}

void loop_stats::add_lag(const stall_tracker::lag_sample& sample, time_point now) {
  const std::lock_guard lock(mutex_);
  recent_lag_.add(now, sample.lag);
  change_windows([&](stats_window& w) {
    w.raw.record(sample.lag);
    w.corrected.record_corrected(sample.lag, interval_);
    w.corrected.record(sample.idle_lag, sample.idle_deadlines);
  });
}

void loop_stats::add_deadline(bool busy) {
  const std::lock_guard lock(mutex_);
  change_windows([&](stats_window& w) {
    ++w.deadlines;
    w.busy_deadlines += busy ? 1 : 0;
  });
}

void loop_stats::set_open_stall(stall_record stall, std::optional<time_point> lag_since, time_point start) {
  const std::lock_guard lock(mutex_);
  open_ = open_stall{std::move(stall), lag_since, start};
}

void loop_stats::add_ended_stall(stall_record stall) {
  const std::lock_guard lock(mutex_);
  open_.reset();
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
  window->cpu_at_start = thread_cpu();
  const std::lock_guard lock(mutex_);
  windows_.push_back(window);
  return window;
}

window_figures loop_stats::read(const std::shared_ptr<stats_window>& window, time_point now) {
  stats_window next;
  next.start = now;
  next.cpu_at_start = thread_cpu();
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
  out.reserve(recent_.size() + 1);
  if (open_) out.push_back(open_->record);
  out.insert(out.end(), recent_.begin(), recent_.end());
  return out;
}

window_figures loop_stats::figures(const stats_window& window, time_point now) const {
  window_figures out;
  out.elapsed = now - window.start;
  out.stalls = window.stalls;
  auto max_stall = window.max_stall;
  if (open_) {
    ++out.stalls;
    max_stall = std::max(max_stall, nanoseconds{now - open_->start});
  }
  if (out.stalls > 0) out.longest_stall = max_stall;
  if (open_ && open_->lag_since) {
    auto raw = window.raw;
    auto corrected = window.corrected;
    const nanoseconds lag = now - *open_->lag_since;
    raw.record(lag);
    corrected.record_corrected(lag, interval_);
    out.raw = raw.figures();
    out.corrected = corrected.figures();
  } else {
    out.raw = window.raw.figures();
    out.corrected = window.corrected.figures();
  }
  if (const auto cpu = thread_cpu(); cpu && window.cpu_at_start && out.elapsed > nanoseconds{0}) {
    const auto used = *cpu - *window.cpu_at_start;
    out.cpu_share = std::clamp(static_cast<double>(used.count()) / static_cast<double>(out.elapsed.count()), 0.0, 1.0);
  }
  if (window.deadlines > 0)
    out.busy_share = static_cast<double>(window.busy_deadlines) / static_cast<double>(window.deadlines);
  return out;
}

std::optional<nanoseconds> loop_stats::thread_cpu() const {
  const auto thread = heartbeat_.thread();
  timespec cpu{};
  if (thread.tid == 0 || ::clock_gettime(thread.cpu_clock, &cpu) != 0) return std::nullopt;
  return system::to_nanoseconds(cpu);
}

std::optional<nanoseconds> loop_stats::max_recent_lag(time_point now) const {
  const std::lock_guard lock(mutex_);
  return recent_lag_.max(now);
}

}  // namespace loopscope::monitor
