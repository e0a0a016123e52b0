#include "loop_book.hpp"

#include <algorithm>
#include <utility>

#include "writers/system/clock.hpp"

namespace loopscope::monitor {

using std::chrono::nanoseconds;

loop_book::loop_book(nanoseconds interval, std::size_t recent_capacity, const loop_pulse& pulse)
    : interval_(interval), recent_capacity_(std::max<std::size_t>(1, recent_capacity)), pulse_(pulse) {
  total_.since = std::chrono::steady_clock::now();
}

template <class Change>
void loop_book::change_windows(Change change) {
  change(total_);
  for (auto& w : windows_) change(*w);
}

void loop_book::loop_started() {
  const auto cpu = thread_cpu();
  const std::lock_guard lock(mutex_);
  change_windows([&](window& w) { w.cpu_at_start = cpu; });
}

void loop_book::add_lag(const stall_tracker::lag_sample& sample, time_point now) {
  const std::lock_guard lock(mutex_);
  recent_lag_.add(now, sample.lag);
  change_windows([&](window& w) {
    w.raw.record(sample.lag);
    w.corrected.record_corrected(sample.lag, interval_);
    w.corrected.record(sample.idle_lag, sample.idle_deadlines);
  });
}

void loop_book::add_deadline(bool busy) {
  const std::lock_guard lock(mutex_);
  change_windows([&](window& w) {
    ++w.deadlines;
    w.busy_deadlines += busy ? 1 : 0;
  });
}

void loop_book::set_open(std::optional<stall_record> stall, std::optional<time_point> lag_since, time_point start) {
  const std::lock_guard lock(mutex_);
  open_.reset();
  if (stall) open_ = open_stall{std::move(*stall), lag_since, start};
}

void loop_book::add_ended(stall_record stall) {
  const std::lock_guard lock(mutex_);
  open_.reset();
  change_windows([&](window& w) {
    ++w.stalls;
    w.longest_stall = std::max(w.longest_stall, stall.duration);
  });
  auto& counter = by_verdict_[static_cast<std::size_t>(stall.why)];
  ++counter.stalls;
  counter.total += stall.duration;
  recent_.push_front(std::move(stall));
  if (recent_.size() > recent_capacity_) recent_.pop_back();
}

void loop_book::complete(const stall_record& stall) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(recent_, stall.id, &stall_record::id);
  if (found != recent_.end()) *found = stall;
}

std::shared_ptr<window> loop_book::open_window(time_point now) {
  auto w = std::make_shared<window>();
  w->since = now;
  w->cpu_at_start = thread_cpu();
  const std::lock_guard lock(mutex_);
  windows_.push_back(w);
  return w;
}

window_figures loop_book::read(const std::shared_ptr<window>& w, time_point now) {
  window next;
  next.since = now;
  next.cpu_at_start = thread_cpu();
  const std::lock_guard lock(mutex_);
  return figures(std::exchange(*w, std::move(next)), now);
}

void loop_book::close_window(const std::shared_ptr<window>& w) {
  const std::lock_guard lock(mutex_);
  std::erase(windows_, w);
}

window_figures loop_book::total(time_point now) const {
  const std::lock_guard lock(mutex_);
  return figures(total_, now);
}

std::array<verdict_counter, verdict_count> loop_book::by_verdict() const {
  const std::lock_guard lock(mutex_);
  return by_verdict_;
}

std::vector<stall_record> loop_book::recent() const {
  const std::lock_guard lock(mutex_);
  std::vector<stall_record> out;
  out.reserve(recent_.size() + 1);
  if (open_) out.push_back(open_->record);
  out.insert(out.end(), recent_.begin(), recent_.end());
  return out;
}

window_figures loop_book::figures(const window& w, time_point now) const {
  window_figures out;
  out.elapsed = now - w.since;
  out.stalls = w.stalls;
  auto longest = w.longest_stall;
  if (open_) {
    ++out.stalls;
    longest = std::max(longest, nanoseconds{now - open_->start});
  }
  if (out.stalls > 0) out.longest_stall = longest;
  if (open_ && open_->lag_since) {
    auto raw = w.raw;
    auto corrected = w.corrected;
    const nanoseconds lag = now - *open_->lag_since;
    raw.record(lag);
    corrected.record_corrected(lag, interval_);
    out.raw = raw.figures();
    out.corrected = corrected.figures();
  } else {
    out.raw = w.raw.figures();
    out.corrected = w.corrected.figures();
  }
  if (const auto cpu = thread_cpu(); cpu && w.cpu_at_start && out.elapsed > nanoseconds{0}) {
    const auto used = *cpu - *w.cpu_at_start;
    out.cpu_share = std::clamp(static_cast<double>(used.count()) / static_cast<double>(out.elapsed.count()), 0.0, 1.0);
  }
  if (w.deadlines > 0) out.busy_share = static_cast<double>(w.busy_deadlines) / static_cast<double>(w.deadlines);
  return out;
}

std::optional<nanoseconds> loop_book::thread_cpu() const {
  const auto thread = pulse_.thread();
  timespec cpu{};
  if (thread.tid == 0 || ::clock_gettime(thread.cpu_clock, &cpu) != 0) return std::nullopt;
  return system::to_nanoseconds(cpu);
}

std::optional<nanoseconds> loop_book::worst_recent_lag(time_point now) const {
  const std::lock_guard lock(mutex_);
  return recent_lag_.worst(now);
}

}  // namespace loopscope::monitor
