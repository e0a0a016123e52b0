#include "stall_tracker.hpp"

#include <algorithm>

#include "stall_start.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::uint64_t max_idle_deadlines = 4;
// Time between checks of a busy loop. It bounds the error of a stall's start when the loop was busy before, too.
constexpr std::chrono::milliseconds busy_interval{10};
constexpr std::chrono::milliseconds min_wait{1};
// Less unaccounted time than this is not worth another read from /proc.
constexpr std::chrono::milliseconds max_unaccounted{1};

}  // namespace

stall_tracker::stall_tracker(duration threshold, duration interval, time_point first_deadline)
    : threshold_(threshold), interval_(interval), next_deadline_(first_deadline) {}

stall_tracker::beat_outcome stall_tracker::on_beat(const beat& latest, std::optional<duration> run_queue) {
  beat_outcome out;
  const bool late = is_stall_confirmed(latest.time, run_queue, duration{0});
  probe_outstanding_ = false;
  if (!running_) {
    running_ = true;
    lag_since_.reset();
    idle_deadlines_ = 0;
    mark_alive(latest.time, latest.cpu, run_queue, false);
    return out;
  }

  if (lag_since_ && latest.time >= *lag_since_) {
    const duration lag = latest.time - *lag_since_;
    if (lag < interval_) idle_lag_ = lag;
    out.lag = lag_sample{lag, idle_deadlines_, idle_lag_};
    idle_deadlines_ = 0;
  }
  lag_since_.reset();

  if (stalled_ || late) {
    out.stall = time_span{blocked_since_, latest.time};
    out.found_late = !stalled_;
    stalled_ = false;
  }
  // run_queue was read now, not when the probe ran. Of what was added since the post, at most the probe's own wait
  // belongs to the time before it ran.
  if (run_queue && run_queue_at_post_)
    *run_queue = std::min(*run_queue, *run_queue_at_post_ + (latest.time - posted_at_));
  mark_alive(latest.time, latest.cpu, run_queue, !out.stall);
  return out;
}

stall_tracker::sample_outcome stall_tracker::on_sample(const thread_sample& sample) {
  sample_outcome out;
  out.at_deadline = sample.time >= next_deadline_;
  const auto deadline = next_deadline_;
  if (out.at_deadline) next_deadline_ += interval_ * ((sample.time - next_deadline_) / interval_ + 1);

  busy_ = probe_outstanding_ || sample.state == thread_state::runnable || sample.state == thread_state::asleep;
  out.busy = busy_;
  if (!running_) {
    // The first probe finds out which thread runs the loop. It waits for run() as long as that takes.
    out.post_probe = !probe_outstanding_ && out.at_deadline;
    if (out.post_probe) on_probe_posted(sample);
    return out;
  }

  if (!probe_outstanding_) {
    if (sample.state == thread_state::waiting && (!out.at_deadline || idle_deadlines_ < max_idle_deadlines)) {
      if (out.at_deadline) ++idle_deadlines_;
      mark_alive(sample.time, sample.cpu, sample.run_queue, true);
      return out;
    }
    out.post_probe = true;
    on_probe_posted(sample);
  }
  if (out.at_deadline && !lag_since_) lag_since_ = deadline;

  // The kernel counts a wait in the run queue only when it has ended.
  const bool is_queued = sample.state == thread_state::runnable && sample.not_running_for;
  const duration uncounted_wait = is_queued ? *sample.not_running_for : duration{0};
  if (!stalled_ && is_stall_confirmed(sample.time, sample.run_queue, uncounted_wait)) {
    stalled_ = out.stall_began = true;
    next_stack_ = threshold_;
  }
  const duration age = sample.time - blocked_since_;
  if (stalled_ && age >= next_stack_) {
    out.take_stack = true;
    while (next_stack_ <= age) next_stack_ *= 2;
  }
  return out;
}

void stall_tracker::on_probe_posted(const thread_sample& sample) {
  probe_outstanding_ = true;
  duration blocked{0};
  duration cpu{0};
  duration queued{0};
  if (running_ && sample.state != thread_state::waiting) {
    cpu = std::max(duration{0}, sample.cpu - alive_totals_.cpu);
    if (sample.run_queue && alive_totals_.run_queue)
      queued = std::max(duration{0}, *sample.run_queue - *alive_totals_.run_queue);
    blocked = estimate_blocked({.since_alive = sample.time - alive_at_,
                                .cpu = cpu,
                                .queued = queued,
                                .asleep = sample.state == thread_state::asleep,
                                .not_running_for = sample.not_running_for,
                                .usual_busy = usual_busy_});
    cpu = std::min(cpu, blocked);
    queued = std::min(queued, blocked - cpu);
  }
  posted_at_ = sample.time;
  run_queue_at_post_ = sample.run_queue;
  blocked_since_ = sample.time - blocked;
  totals_at_start_.cpu = sample.cpu - cpu;
  totals_at_start_.run_queue.reset();
  if (sample.run_queue) totals_at_start_.run_queue = *sample.run_queue - queued;
}

void stall_tracker::mark_alive(time_point now, duration cpu, std::optional<duration> run_queue, bool is_usual_work) {
  const duration elapsed = now - alive_at_;
  if (is_usual_work && elapsed >= min_wait) {
    auto used = cpu - alive_totals_.cpu;
    if (run_queue && alive_totals_.run_queue) used += *run_queue - *alive_totals_.run_queue;
    usual_busy_ = std::clamp(static_cast<double>(used.count()) / static_cast<double>(elapsed.count()), 0.0, 1.0);
  }
  alive_at_ = now;
  alive_totals_ = {cpu, run_queue};
}

bool stall_tracker::needs_not_running_for(const thread_sample& sample) const {
  if (!running_ || stalled_ || sample.state == thread_state::waiting) return false;
  if (probe_outstanding_) return is_stall_suspected(sample.time);
  if (sample.state != thread_state::runnable) return true;
  // A thread whose CPU time and counted waits explain all of the time has been running.
  duration accounted = sample.cpu - alive_totals_.cpu;
  if (sample.run_queue && alive_totals_.run_queue) accounted += *sample.run_queue - *alive_totals_.run_queue;
  return sample.time - alive_at_ - accounted > max_unaccounted;
}

bool stall_tracker::is_stall_suspected(time_point now) const {
  return running_ && probe_outstanding_ && now >= stall_due();
}

stall_tracker::time_point stall_tracker::stall_due() const {
  return std::max(blocked_since_ + threshold_, posted_at_ + threshold_ / 5);
}

// The time before the post is an estimate, and a loop that has just become busy with short handlers looks the same
// there. So a fifth of the threshold must have been observed after the post, not counting waits for a CPU; or, with
// those waits, all of the threshold. The exception is a watchdog that was kept from checking for so long that nothing
// may be left to observe.
bool stall_tracker::is_stall_confirmed(time_point now, std::optional<duration> run_queue,
                                       duration uncounted_wait) const {
  if (!is_stall_suspected(now)) return false;
  const duration observed = now - posted_at_;
  const bool checked_too_late = posted_at_ - blocked_since_ >= threshold_ * 3 / 2;
  if (observed >= threshold_ || checked_too_late) return true;
  duration queued = std::min(uncounted_wait, observed);
  if (run_queue && run_queue_at_post_) queued += *run_queue - *run_queue_at_post_;
  return observed - queued >= threshold_ / 5;
}

std::optional<stall_tracker::time_span> stall_tracker::on_loop_stopped(time_point now) {
  running_ = false;
  lag_since_.reset();
  if (!stalled_) return std::nullopt;
  stalled_ = false;
  return time_span{blocked_since_, now};
}

stall_tracker::time_point stall_tracker::next_check(time_point now) const {
  auto next = next_deadline_;
  if (running_ && probe_outstanding_ && !stalled_) next = std::min(next, stall_due());
  if (running_ && stalled_) next = std::min(next, blocked_since_ + next_stack_);
  if (running_ && busy_) next = std::min(next, now + duration{busy_interval});
  return std::max(next, now + duration{min_wait});
}

std::optional<stall_tracker::time_point> stall_tracker::blocked_since() const {
  if (!running_ || !probe_outstanding_) return std::nullopt;
  return blocked_since_;
}

std::optional<stall_tracker::time_point> stall_tracker::lag_since() const {
  if (!running_ || !probe_outstanding_) return std::nullopt;
  return lag_since_;
}

}  // namespace loopscope::monitor
