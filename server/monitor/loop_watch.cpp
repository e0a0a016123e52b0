#include "loop_watch.hpp"

#include <algorithm>
#include <utility>

#include "loop_core.hpp"
#include "watchdog.hpp"

namespace loopscope::monitor {
namespace {

using clock = std::chrono::steady_clock;

}  // namespace

void probe::operator()() const noexcept {
  core_->answer_probe();
}

interval_reader::interval_reader(std::shared_ptr<loop_core> core)
    : core_(std::move(core)), window_(core_->book().open_window(clock::now())) {}

interval_reader& interval_reader::operator=(interval_reader&& other) noexcept {
  std::swap(core_, other.core_);
  std::swap(window_, other.window_);
  return *this;
}

interval_reader::~interval_reader() {
  if (core_) core_->book().close_window(window_);
}

window_figures interval_reader::read() {
  return core_->book().read(window_, clock::now());
}

loop_watch::loop_watch(loop_hooks hooks, options settings, std::shared_ptr<activity_slot> activities)
    : watchdog_(watchdog::shared()) {
  if (!activities) activities = std::make_shared<activity_slot>(settings.activity_capacity);
  core_ = std::make_shared<loop_core>(std::move(hooks), std::move(settings), std::move(activities), watchdog_->wake());
  watchdog_->add(core_);
}

loop_watch::~loop_watch() {
  watchdog_->remove(*core_);
  core_->detach();
}

snapshot loop_watch::snapshot() const {
  monitor::snapshot out;
  const auto now = clock::now();
  out.total = core_->book().total(now);
  out.by_verdict = core_->book().by_verdict();
  out.stalled_for = core_->stalled_for(now);
  core_->add_counters(out);
  return out;
}

std::chrono::nanoseconds loop_watch::stalled_for() const noexcept {
  return core_->stalled_for(clock::now());
}

std::optional<std::chrono::nanoseconds> loop_watch::recent_lag() const {
  const auto now = clock::now();
  const auto stalled = core_->stalled_for(now);
  const auto measured = core_->book().worst_recent_lag(now);
  return stalled.count() > 0 ? std::max(stalled, measured.value_or(stalled)) : measured;
}

std::vector<stall_record> loop_watch::recent_stalls() const {
  return core_->book().recent();
}

std::uint64_t loop_watch::stall_to_blame() const noexcept {
  return core_->pulse().stall_to_blame();
}

void loop_watch::note_delayed(std::uint64_t stall, std::chrono::nanoseconds waited) noexcept {
  core_->pulse().note_delayed(stall, waited, clock::now());
}

const std::shared_ptr<activity_slot>& loop_watch::activities() const noexcept {
  return core_->activities();
}

}  // namespace loopscope::monitor
