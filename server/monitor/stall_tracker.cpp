#include "stall_tracker.hpp"

#include <algorithm>

#include "start_estimate.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::uint64_t max_idle_deadlines = 4;
// Distance of looks at a busy loop: the longest error of a stall's start when the loop was busy before it,
// too.
constexpr std::chrono::milliseconds busy_interval{10};
constexpr std::chrono::milliseconds shortest_wait{1};
// Of a thread's time: so little is not worth asking the kernel where it went.
constexpr std::chrono::milliseconds unexplained{1};

}  // namespace

stall_tracker::stall_tracker(duration threshold, duration interval, time_point first_deadline)
    : threshold_(threshold), interval_(interval), next_deadline_(first_deadline) {}

stall_tracker::answered_outcome stall_tracker::answered(const answer& probe, std::optional<duration> run_queue) {
  answered_outcome out;
  const bool late = confirms(probe.at, run_queue, duration{0});
  outstanding_ = false;
  if (!running_) {
    running_ = true;
    lag_since_.reset();
    idle_deadlines_ = 0;
    alive(probe.at, probe.cpu, run_queue, false);
    return out;
  }

  if (lag_since_ && probe.at >= *lag_since_) {
    const duration lag = probe.at - *lag_since_;
    if (lag < interval_) idle_lag_ = lag;
    out.lag = lag_sample{lag, idle_deadlines_, idle_lag_};
    idle_deadlines_ = 0;
  }
  lag_since_.reset();

  if (stalled_ || late) {
    out.stall = span{blocked_since_, probe.at};
    out.found_late = !stalled_;
    stalled_ = false;
  }
  // The queue's total is of now, not of then. Of what was added since the post, the probe's own wait came
  // before.
  if (run_queue && queue_at_post_) *run_queue = std::min(*run_queue, *queue_at_post_ + (probe.at - posted_at_));
  alive(probe.at, probe.cpu, run_queue, !out.stall);
  return out;
}

stall_tracker::look_outcome stall_tracker::look(const sighting& seen) {
  look_outcome out;
  out.at_deadline = seen.now >= next_deadline_;
  const auto deadline = next_deadline_;
  if (out.at_deadline) next_deadline_ += interval_ * ((seen.now - next_deadline_) / interval_ + 1);

  busy_ = outstanding_ || seen.state == thread_state::runnable || seen.state == thread_state::asleep;
  out.busy = busy_;
  if (!running_) {
    // The first probe learns the loop's thread; it waits for run() as long as that takes.
    out.post = !outstanding_ && out.at_deadline;
    if (out.post) post(seen);
    return out;
  }

  if (!outstanding_) {
    if (seen.state == thread_state::waiting && (!out.at_deadline || idle_deadlines_ < max_idle_deadlines)) {
      if (out.at_deadline) ++idle_deadlines_;
      alive(seen.now, seen.cpu, seen.run_queue, true);
      return out;
    }
    out.post = true;
    post(seen);
  }
  if (out.at_deadline && !lag_since_) lag_since_ = deadline;

  const bool queued = seen.state == thread_state::runnable && seen.away_for;
  if (!stalled_ && confirms(seen.now, seen.run_queue, queued ? *seen.away_for : duration{0})) {
    stalled_ = out.began = true;
    next_sample_ = threshold_;
  }
  const duration age = seen.now - blocked_since_;
  if (stalled_ && age >= next_sample_) {
    out.sample = true;
    while (next_sample_ <= age) next_sample_ *= 2;
  }
  return out;
}

void stall_tracker::post(const sighting& seen) {
  outstanding_ = true;
  duration blocked{0};
  duration cpu{0};
  duration queued{0};
  if (running_ && seen.state != thread_state::waiting) {
    cpu = std::max(duration{0}, seen.cpu - alive_totals_.cpu);
    if (seen.run_queue && alive_totals_.run_queue)
      queued = std::max(duration{0}, *seen.run_queue - *alive_totals_.run_queue);
    blocked = estimate_blocked({.since_alive = seen.now - alive_at_,
                                .cpu = cpu,
                                .queued = queued,
                                .asleep = seen.state == thread_state::asleep,
                                .away_for = seen.away_for,
                                .usual_busy = usual_busy_});
    cpu = std::min(cpu, blocked);
    queued = std::min(queued, blocked - cpu);
  }
  posted_at_ = seen.now;
  queue_at_post_ = seen.run_queue;
  blocked_since_ = seen.now - blocked;
  baseline_.cpu = seen.cpu - cpu;
  baseline_.run_queue.reset();
  if (seen.run_queue) baseline_.run_queue = *seen.run_queue - queued;
}

void stall_tracker::alive(time_point at, duration cpu, std::optional<duration> run_queue, bool usual) {
  const duration elapsed = at - alive_at_;
  if (usual && elapsed >= shortest_wait) {
    auto used = cpu - alive_totals_.cpu;
    if (run_queue && alive_totals_.run_queue) used += *run_queue - *alive_totals_.run_queue;
    usual_busy_ = std::clamp(static_cast<double>(used.count()) / static_cast<double>(elapsed.count()), 0.0, 1.0);
  }
  alive_at_ = at;
  alive_totals_ = {cpu, run_queue};
}

bool stall_tracker::wants_away_for(const sighting& seen) const {
  if (!running_ || stalled_ || seen.state == thread_state::waiting) return false;
  if (outstanding_) return suspects(seen.now);
  // A thread that computed all the time, or stood in the queue for that part which is counted already, is not away.
  if (seen.state != thread_state::runnable) return true;
  duration accounted = seen.cpu - alive_totals_.cpu;
  if (seen.run_queue && alive_totals_.run_queue) accounted += *seen.run_queue - *alive_totals_.run_queue;
  return seen.now - alive_at_ - accounted > unexplained;
}

bool stall_tracker::suspects(time_point now) const {
  return running_ && outstanding_ && now >= stall_due();
}

stall_tracker::time_point stall_tracker::stall_due() const {
  return std::max(blocked_since_ + threshold_, posted_at_ + threshold_ / 5);
}

// What lies before the post is an estimate, and a loop that has just become busy with short handlers looks
// the same there. So part of the threshold must have been seen, other than waiting for a CPU, or all of it;
// except when the watchdog was kept from looking for so long that there is nothing left to be seen.
bool stall_tracker::confirms(time_point now, std::optional<duration> run_queue, duration queued_now) const {
  if (!suspects(now)) return false;
  const duration seen = now - posted_at_;
  const bool looked_too_late = posted_at_ - blocked_since_ >= threshold_ * 3 / 2;
  if (seen >= threshold_ || looked_too_late) return true;
  duration queued = std::min(queued_now, seen);
  if (run_queue && queue_at_post_) queued += *run_queue - *queue_at_post_;
  return seen - queued >= threshold_ / 5;
}

std::optional<stall_tracker::span> stall_tracker::stopped(time_point now) {
  running_ = false;
  lag_since_.reset();
  if (!stalled_) return std::nullopt;
  stalled_ = false;
  return span{blocked_since_, now};
}

stall_tracker::time_point stall_tracker::next_look(time_point now) const {
  auto next = next_deadline_;
  if (running_ && outstanding_ && !stalled_) next = std::min(next, stall_due());
  if (running_ && stalled_) next = std::min(next, blocked_since_ + next_sample_);
  if (running_ && busy_) next = std::min(next, now + duration{busy_interval});
  return std::max(next, now + duration{shortest_wait});
}

std::optional<stall_tracker::time_point> stall_tracker::blocked_since() const {
  if (!running_ || !outstanding_) return std::nullopt;
  return blocked_since_;
}

std::optional<stall_tracker::time_point> stall_tracker::lag_since() const {
  if (!running_ || !outstanding_) return std::nullopt;
  return lag_since_;
}

}  // namespace loopscope::monitor
