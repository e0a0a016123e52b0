// SPDX-License-Identifier: MIT

#include "stall_tracker.hpp"

#include <algorithm>
#include <utility>

#include "stall_start.hpp"

namespace loopscope::monitor {
namespace {

// Time between checks of a busy thread. It bounds the error of a stall's start when the thread was busy before, too.
constexpr std::chrono::milliseconds busy_interval{10};
// Who has waited for a CPU for less time has not been preempted.
constexpr std::chrono::milliseconds max_queued_without_preemption{1};
// A request to an idle loop takes less before its handler blocks: some short handlers.
constexpr std::uint64_t max_wakeups_by_request = 8;
constexpr std::chrono::milliseconds max_cpu_by_request{1};
constexpr double hardly_busy = 0.1;
constexpr std::chrono::milliseconds min_wait{1};
// Less unaccounted time than this is not worth another read from /proc.
constexpr std::chrono::milliseconds max_unaccounted{1};

}  // namespace

stall_tracker::ended stall_tracker::on_beat(const beat& latest, std::optional<duration> run_queue, bool is_proof,
                                            std::optional<time_point> start) {
  ended out;
  // A thread may publish the end of a turn when it is already seen in the next one.
  if (stalled_ && latest.time < blocked_since_) return out;
  const bool late = is_proof && is_stall_confirmed(latest.time, run_queue, duration{0});
  const bool was_suspected = std::exchange(suspected_, false);
  const bool is_long_turn = start && latest.time - *start >= threshold_;
  const bool was_running = std::exchange(running_, true);
  if (!was_running && !is_long_turn) {
    mark_alive(latest.time, latest.cpu, run_queue, false);
    return out;
  }
  if (stalled_ || late) {
    out.stall = time_span{blocked_since_, latest.time};
    out.found_late = !stalled_;
    stalled_ = false;
  } else if (is_long_turn) {
    // A turn of the counted run loop that no sample has seen, or that the samples took for a shorter one.
    blocked_since_ = *start;
    totals_at_start_.cpu = std::max(alive_totals_.cpu, latest.cpu - (latest.time - *start));
    totals_at_start_.run_queue = alive_totals_.run_queue;
    out.stall = time_span{*start, latest.time};
    out.found_late = true;
  }
  // run_queue was read now, not at the beat. Of what was added since the suspicion began, at most the wait in that span
  // belongs to the time before it.
  if (was_suspected && run_queue && run_queue_at_suspicion_ && latest.time > suspected_at_)
    *run_queue = std::min(*run_queue, *run_queue_at_suspicion_ + (latest.time - suspected_at_));
  mark_alive(latest.time, latest.cpu, run_queue, !out.stall);
  return out;
}

stall_tracker::sample_outcome stall_tracker::on_sample(const thread_sample& sample, bool is_proof) {
  sample_outcome out;
  busy_ = suspected_ || sample.state == thread_state::runnable || sample.state == thread_state::asleep;
  if (!running_) return out;

  if (sample.turn != turn_) on_new_turn(sample);
  if (sample.state == thread_state::waiting) {
    if (stalled_) {
      // The handler ended between two samples, when the thread began to wait.
      const auto end = std::max(blocked_since_, sample.time - sample.not_running_for.value_or(duration{0}));
      out.end.stall = time_span{blocked_since_, end};
      stalled_ = false;
    }
    suspected_ = false;
    wakeups_ = sample.wakeups;
    mark_alive(sample.time, sample.cpu, sample.run_queue, !out.end.stall);
    return out;
  }
  if (!suspected_) {
    suspect(sample);
    out.suspicion_began = true;
  }
  if (!is_proof && !stalled_) return out;

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

// A turn that was long enough for a stall would have been published, so the turns between two samples were short.
void stall_tracker::on_new_turn(const thread_sample& sample) {
  turn_ = sample.turn;
  wakeups_.reset();
  if (stalled_) return;
  suspected_ = false;
  if (!sample.turn_start) {  // it began with a wait
    if (sample.wait && sample.wait->time > alive_at_)
      mark_alive(sample.wait->time, std::max(alive_totals_.cpu, sample.wait->cpu), sample.run_queue, true);
    return;
  }
  const auto began = std::max(alive_at_, *sample.turn_start);
  const auto cpu = std::max(alive_totals_.cpu, sample.cpu - (sample.time - began));
  mark_alive(began, cpu, sample.run_queue, true);
}

stall_tracker::ended stall_tracker::on_progress(const thread_sample& sample, time_point earliest) {
  ended out;
  if (!running_) return out;
  if (stalled_) out.stall = time_span{blocked_since_, std::max(blocked_since_, earliest)};
  suspected_ = stalled_ = false;
  mark_alive(sample.time, sample.cpu, sample.run_queue, !out.stall);
  return out;
}

void stall_tracker::suspect(const thread_sample& sample) {
  suspected_ = true;
  duration blocked{0};
  duration cpu = std::max(duration{0}, sample.cpu - alive_totals_.cpu);
  duration queued{0};
  if (sample.run_queue && alive_totals_.run_queue)
    queued = std::max(duration{0}, *sample.run_queue - *alive_totals_.run_queue);
  start_is_known_ = sample.turn_start.has_value();
  if (start_is_known_) {
    blocked = sample.time - *sample.turn_start;
  } else {
    blocked = estimate_blocked({.since_alive = sample.time - alive_at_,
                                .cpu = cpu,
                                .queued = queued,
                                .asleep = sample.state == thread_state::asleep,
                                .has_slept_before = has_slept_before(sample, cpu, queued),
                                .not_running_for = sample.not_running_for,
                                .usual_busy = usual_busy_});
  }
  cpu = std::min(cpu, blocked);
  queued = std::min(queued, blocked - cpu);
  suspected_at_ = sample.time;
  blocked_at_suspicion_ = blocked;
  run_queue_at_suspicion_ = sample.run_queue;
  blocked_since_ = sample.time - blocked;
  totals_at_start_.cpu = sample.cpu - cpu;
  totals_at_start_.run_queue.reset();
  if (sample.run_queue) totals_at_start_.run_queue = *sample.run_queue - queued;
}

// With a counted run loop, what the thread has done since it was seen waiting is one handler.
bool stall_tracker::has_slept_before(const thread_sample& sample, duration cpu, duration queued) const {
  const bool may_have = wakeups_ && sample.wakeups && queued < max_queued_without_preemption;
  if (!may_have || cpu <= max_cpu_by_request) return false;
  const auto wakeups = *sample.wakeups - *wakeups_;
  return sample.counted ? wakeups >= 2 : wakeups > max_wakeups_by_request && usual_busy_ < hardly_busy;
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
  if (!running_) return false;
  if (sample.state == thread_state::waiting) return stalled_;
  if (stalled_) return false;
  if (suspected_ && sample.state != thread_state::asleep) return is_stall_suspected(sample.time);
  if (sample.state != thread_state::runnable) return true;
  // A thread whose CPU time and counted waits explain all of the time has been running.
  duration accounted = sample.cpu - alive_totals_.cpu;
  if (sample.run_queue && alive_totals_.run_queue) accounted += *sample.run_queue - *alive_totals_.run_queue;
  return sample.time - alive_at_ - accounted > max_unaccounted;
}

bool stall_tracker::is_stall_suspected(time_point now) const {
  return running_ && suspected_ && now >= stall_due();
}

stall_tracker::time_point stall_tracker::stall_due() const {
  const auto due = blocked_since_ + threshold_;
  return start_is_known_ ? due : std::max(due, suspected_at_ + threshold_ / 5);
}

// The time before the suspicion is an estimate, and a thread that has just become busy with short handlers looks the
// same there. So a fifth of the threshold must have been observed after it, not counting waits for a CPU; or, with
// those waits, all of the threshold. The exception is a watchdog that was kept from checking for so long that nothing
// may be left to observe.
bool stall_tracker::is_stall_confirmed(time_point now, std::optional<duration> run_queue,
                                       duration uncounted_wait) const {
  if (!is_stall_suspected(now)) return false;
  if (start_is_known_) return true;
  const duration observed = now - suspected_at_;
  const bool checked_too_late = blocked_at_suspicion_ >= threshold_ * 3 / 2;
  if (observed >= threshold_ || checked_too_late) return true;
  duration queued = std::min(uncounted_wait, observed);
  if (run_queue && run_queue_at_suspicion_) queued += *run_queue - *run_queue_at_suspicion_;
  return observed - queued >= threshold_ / 5;
}

void stall_tracker::set_earliest_start(time_point earliest) noexcept {
  if (!suspected_ || stalled_ || earliest <= blocked_since_) return;
  blocked_since_ = earliest;
}

void stall_tracker::on_probe_posted(time_point now) {
  suspected_at_ = std::max(suspected_at_, now);
}

std::optional<stall_tracker::time_span> stall_tracker::on_loop_stopped(time_point now) {
  running_ = suspected_ = busy_ = false;
  if (!stalled_) return std::nullopt;
  stalled_ = false;
  return time_span{blocked_since_, now};
}

stall_tracker::time_point stall_tracker::next_check(time_point now) const {
  auto next = time_point::max();
  if (running_ && suspected_ && !stalled_ && stall_due() > now) next = std::min(next, stall_due());
  if (running_ && stalled_) next = std::min(next, blocked_since_ + next_stack_);
  if (running_ && busy_) next = std::min(next, now + duration{busy_interval});
  return std::max(next, now + duration{min_wait});
}

std::optional<stall_tracker::time_point> stall_tracker::blocked_since() const {
  if (!running_ || !suspected_) return std::nullopt;
  return blocked_since_;
}

}  // namespace loopscope::monitor
