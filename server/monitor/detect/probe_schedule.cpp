// SPDX-License-Identifier: MIT

#include "probe_schedule.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::uint64_t max_idle_deadlines = 4;

}  // namespace

probe_schedule::probe_schedule(duration interval, time_point first_deadline)
    : interval_(interval), next_deadline_(first_deadline) {}

probe_schedule::decision probe_schedule::on_check(time_point now, bool running, bool idle) {
  decision out;
  out.at_deadline = now >= next_deadline_;
  const auto deadline = next_deadline_;
  if (out.at_deadline) next_deadline_ += interval_ * ((now - next_deadline_) / interval_ + 1);
  if (!running) {
    // The first probe finds out which thread runs the loop. It waits for run() as long as that takes.
    out.post = !outstanding_ && out.at_deadline;
    lag_since_.reset();
    return out;
  }
  if (!outstanding_) {
    if (idle && (!out.at_deadline || idle_deadlines_ < max_idle_deadlines)) {
      if (out.at_deadline) ++idle_deadlines_;
      return out;
    }
    out.post = true;
    idle_at_post_ = idle;
  }
  if (out.at_deadline && !lag_since_) lag_since_ = deadline;
  return out;
}

void probe_schedule::on_posted(time_point now) {
  outstanding_ = true;
  posted_at_ = now;
  if (idle_at_post_ && lag_since_) lag_since_ = now;
  idle_at_post_ = false;
}

std::optional<probe_schedule::lag_sample> probe_schedule::on_beat(time_point beat, bool running) {
  outstanding_ = false;
  std::optional<lag_sample> out;
  if (running && lag_since_) {
    // A probe may run before the watchdog has noted the time of the post.
    const duration lag = beat > *lag_since_ ? beat - *lag_since_ : duration{0};
    if (lag < interval_) idle_lag_ = lag;
    out = lag_sample{lag, idle_deadlines_, idle_lag_};
    idle_deadlines_ = 0;
  }
  if (!running) idle_deadlines_ = 0;
  lag_since_.reset();
  return out;
}

void probe_schedule::on_post_failed() noexcept {
  lag_since_.reset();
  idle_at_post_ = false;
}

std::optional<probe_schedule::time_point> probe_schedule::posted_at() const {
  if (!outstanding_) return std::nullopt;
  return posted_at_;
}

std::optional<probe_schedule::time_point> probe_schedule::lag_since() const {
  if (!outstanding_) return std::nullopt;
  return lag_since_;
}

}  // namespace loopscope::monitor
