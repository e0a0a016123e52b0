// SPDX-License-Identifier: MIT

#include "thread_watch.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "server/monitor/explain/blame.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using steady = std::chrono::steady_clock;

// A probe that no thread has run for so long shows that a wait for events is not the loop's own.
constexpr milliseconds max_probe_age_while_waiting{10};
// A thread that was busy before seldom has work for so long without a sleep.
constexpr std::chrono::seconds max_time_with_work{1};
// A probe is posted by the check that finds the last thread busy.
constexpr milliseconds max_time_to_post{10};
// A probe wakes a loop from its own wait for events in less time.
constexpr milliseconds max_time_to_wake{2};
// A handler that sleeps now and then is seen asleep within this time, or else it is taken for several.
constexpr milliseconds max_time_to_see_sleep{50};
constexpr milliseconds min_long_sleep{1};
// Waking up takes less.
constexpr std::chrono::microseconds max_cpu_to_wake{200};
// So that it is seen, the thread is looked at more often. On a busy server that would be all the time.
constexpr milliseconds close_look_interval{3};
constexpr milliseconds time_between_close_looks{250};
// A running thread stores its stack in far less time; then the watchdog looks for it again.
constexpr milliseconds stack_check_interval{2};
constexpr milliseconds max_stack_time{20};
// An ended stall whose place is still being read is reported without it after this time.
constexpr std::chrono::seconds max_explanation_time{10};

// ThreadSanitizer holds asynchronous signals back until the thread enters a call that it intercepts, so that a late
// stack shows another place than the blocking one.
#if defined(__SANITIZE_THREAD__)
constexpr bool late_stacks_mislead = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool late_stacks_mislead = true;
#else
constexpr bool late_stacks_mislead = false;
#endif
#else
constexpr bool late_stacks_mislead = false;
#endif

// A thread of another process that begins and ends turns all the time shows a state that belongs to one of them.
constexpr int max_looks = 3;
// Ended stalls of one thread whose records are not complete.
constexpr std::size_t max_settling = 16;

constexpr const char* stall_too_short = "the stall ended before its stack was taken";

std::string name_of(const watched_thread& thread) {
  auto name = system::proc_file(thread.folder() + "/comm").read();
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

}  // namespace

thread_watch::thread_watch(std::shared_ptr<loop_thread> thread, const options& settings, const memory_range& scheduler,
                           event_queue& events, const std::shared_ptr<wake_signal>& wake,
                           const activity_slot& activities, stall_observer& observer, explainer& explainer)
    : thread_(std::move(thread)),
      settings_(settings),
      wake_(wake),
      activities_(activities),
      observer_(observer),
      explainer_(explainer),
      sampler_(thread_->id(), scheduler, events),
      tracker_(settings.stall_threshold),
      name_(name_of(sampler_.thread())) {
  if (thread_->id().pid == ::getpid()) stack_sampler_.emplace(settings.capture_signal);
}

bool thread_watch::sample(scheduler_clock& clock) {
  if (sample_) {
    previous_time_ = sample_->time;
    previous_cpu_ = sample_->cpu;
  }
  const bool found = !thread_->gone() && (thread_->tells_waits() ? sample_other_process(clock) : sample_own(clock));
  if (!found) sample_.reset();
  return found;
}

void thread_watch::on_probe_posted(time_point now) {
  run_queue_at_post_ = sample_ ? sample_->run_queue : std::nullopt;
  tracker_.on_probe_posted(now);
}

std::chrono::nanoseconds thread_watch::waited_for_cpu() const {
  if (!run_queue_at_post_ || !sample_ || !sample_->run_queue) return std::chrono::nanoseconds{0};
  return *sample_->run_queue - *run_queue_at_post_;
}

bool thread_watch::sample_own(scheduler_clock& clock) {
  // The turn is read first: if it has ended by the time of the sample, the next check sees that.
  const auto turn = thread_->current_turn();
  const bool counted = thread_->counted();
  sample_ = sampler_.sample();
  if (!sample_) return false;
  sample_->turn = turn.number;
  sample_->counted = counted;
  if (counted) {
    sample_->turn_start = turn.start;
    sample_->wait = turn.wait;
    if (turn.start && sample_->state == thread_state::waiting && !may_be_between_handlers())
      sample_->state = thread_state::asleep;
    // The handler may have begun after the sample's time was read.
    if (turn.start && *turn.start > sample_->time) sample_->turn_start = sample_->time;
  }
  if (tracker_.needs_not_running_for(*sample_)) sample_->not_running_for = sampler_.not_running_for(*sample_, clock);
  return true;
}

// The kernel is asked about a thread only while it does not wait, or has not waited all the time since the last check.
bool thread_watch::sample_other_process(scheduler_clock& clock) {
  for (int i = 0; i < max_looks; ++i) {
    const auto turn = thread_->current_turn();
    const bool has_waited = sample_ && sample_->turn == turn.number && !turn.start;
    if (has_waited && !tracker_.is_stalled()) {
      sample_->time = steady::now();
      sample_->call.reset();
      return true;
    }
    sample_ = sampler_.sample();
    if (!sample_) return false;
    sample_->turn = turn.number;
    sample_->counted = true;
    sample_->turn_start = turn.start;
    if (turn.start && *turn.start > sample_->time) sample_->turn_start = sample_->time;
    const bool stopped = sample_->state == thread_state::stopped;
    if (stopped) void_turn_ = turn.number;
    const bool is_loops = sample_->state == thread_state::asleep && sample_->call && loops_futex_ &&
                          sample_->call->number == SYS_futex && place_of(*sample_->call) == *loops_futex_;
    if (!turn.start || is_loops || turn.number == void_turn_) sample_->state = thread_state::waiting;
    if (sample_->state == thread_state::asleep) sample_->not_running_for = sampler_.not_running_for(*sample_, clock);
    if (thread_->current_turn() == turn) return true;
  }
  return true;
}

// A thread of another process does not say how much CPU time it had used at the end of a turn.
nanoseconds thread_watch::cpu_at(time_point time) const {
  const auto last = sample_ ? sample_->cpu : previous_cpu_;
  return std::min(last, previous_cpu_ + std::max(nanoseconds{0}, time - previous_time_));
}

// A counted run loop says when it begins to wait, but it also takes the scheduler's lock between two handlers, as a
// handler does that posts. What a turn was stalled in lasts until its end.
bool thread_watch::may_be_between_handlers() const {
  if (tracker_.is_stalled()) return false;
  return sample_->call->number == SYS_futex || sampler_.knows_event_queue();
}

void thread_watch::on_beat(const stall_tracker::beat& beat, const surroundings& around) {
  if (thread_->counted()) return;  // its turns say more
  sampler_.on_beat(around.probe_posted && beat.time - *around.probe_posted < max_time_to_wake);
  on_end(tracker_.on_beat(beat, sample_ ? sample_->run_queue : std::nullopt, around.is_only_thread), beat, around);
}

void thread_watch::take_ended_turns(const surroundings& around) {
  take_answer_about_wait(around);
  if (wait_question_) return;  // the answer may be that the turn had ended long before
  while (const auto turn = thread_->take_ended_turn()) {
    last_ended_turn_ = turn->number;
    if (turn->number == void_turn_) continue;
    // Too short for a look at what it waited for.
    if (turn->may_include_wait && !tracker_.is_stalled() && !handlers_futex_) continue;
    const stall_tracker::beat beat{turn->end, turn->cpu.value_or(cpu_at(turn->end))};
    const auto start = turn->start.value_or(turn->end - turn->took);
    on_end(tracker_.on_beat(beat, sample_ ? sample_->run_queue : std::nullopt, thread_->counted(),
                            thread_->counted() ? std::optional{start} : std::nullopt),
           beat, around);
  }
}

void thread_watch::on_end(const stall_tracker::ended& end, const stall_tracker::beat& at, const surroundings& around) {
  if (!end.stall) return;
  if (end.found_late) open_stall(around.pressure);
  take_stack();
  const auto run_queue = sample_ ? sample_->run_queue : std::nullopt;
  end_stall(*end.stall, open_->times().at_end(*end.stall, at.cpu, run_queue, around.pressure), around);
}

void thread_watch::judge(const surroundings& around) {
  if (!sample_) return settle(steady::now());
  take_ended_turns(around);
  // The turn that the sample shows has ended since.
  if (thread_->counted() && sample_->turn <= last_ended_turn_) return settle(steady::now());
  const auto now = sample_->time;
  if (thread_->has_seat() && !thread_->inside()) {
    stop(now, around);
    return settle(steady::now());
  }
  // A thread with a seat, or one that waits in the scheduler, is known to run the loop without a probe.
  const bool waits_for_work = sample_->state == thread_state::waiting && !around.is_stopped && sample_->call &&
                              (sample_->call->number == SYS_futex || sampler_.knows_event_queue());
  if (!tracker_.running() && (thread_->has_seat() || waits_for_work))
    tracker_.on_beat({now, sample_->cpu}, sample_->run_queue, false);

  const bool may_wait = !around.is_only_thread || thread_->counted() || !around.probe_posted ||
                        now - *around.probe_posted < max_probe_age_while_waiting;
  if (sample_->state == thread_state::waiting && !may_wait) sample_->state = thread_state::asleep;
  if (around.is_stopped && tracker_.running() && !thread_->has_seat() && may_have_left_the_loop()) stop(now, around);

  if (!around.is_only_thread && !thread_->counted()) look_for_progress(around);
  last_judged_ = sample_->time;
  const bool was_suspected = tracker_.is_suspected();
  const auto next = tracker_.on_sample(*sample_, is_proof(around));
  if (!around.is_only_thread && was_suspected && !switches_) switches_ = sampler_.voluntary_switches();
  if (next.suspicion_began) {
    pressure_at_suspicion_ = around.pressure;
    switches_.reset();
    slept_since_.reset();
    short_sleeps_ = 0;
    has_slept_ = has_slept();
  }
  if (next.end.stall && open_) {
    take_stack();
    end_stall(*next.end.stall,
              open_->times().at_end(*next.end.stall, sample_->cpu, sample_->run_queue, around.pressure), around);
  }
  if (next.stall_began) open_stall(pressure_at_suspicion_);
  if (open_) {
    open_->add_sample(*sample_, sampler_.thread(), activities_);
    // Readers see the stall before its place, which takes a while to find.
    if (next.take_stack || has_moved_ || is_next_look_due()) ask_for_stack();
    report_progress(around, take_stack());
  } else if (job_ || is_stack_pending()) {
    take_stack();
  }
  settle(steady::now());
}

bool thread_watch::is_proof(const surroundings& around) {
  if (thread_->tells_waits()) return is_proof_outside();
  if (around.is_only_thread) return true;
  if (thread_->counted()) {
    if (sample_->state == thread_state::asleep || tracker_.is_stalled()) return true;
    // A thread that was woken has no handler yet, and may get none.
    if (sample_->wait) return sample_->cpu - sample_->wait->cpu > max_cpu_to_wake;
    // It may have slept in the scheduler's lock.
    return switches_ && sampler_.voluntary_switches() == switches_;
  }
  return sample_->state == thread_state::asleep ? is_proof_asleep() : is_proof_running(around);
}

// Of several threads that run one loop, one waits for events and the others on a condition variable of the loop.
bool thread_watch::is_proof_outside() {
  const auto& now = *sample_;
  if (now.state != thread_state::asleep || !now.call || now.call->number != SYS_futex) return true;
  const auto place = place_of(*now.call);
  if (handlers_futex_ == place) return true;
  const bool is_long = now.turn_start && now.time - *now.turn_start >= settings_.stall_threshold / 2;
  if (wait_question_ || !is_long) return tracker_.is_stalled();
  asked_about_ = place;
  asked_in_turn_ = now.turn;
  asleep_there_since_ = now.time - now.not_running_for.value_or(nanoseconds{0});
  wait_question_ = explainer_.submit({.thread = sampler_.thread(),
                                      .asleep_in = now.call,
                                      .copy = copy_sleeping_stack(sampler_.thread(), now.call),
                                      .source_root = settings_.source_root,
                                      .loop_address = thread_->wait_address()},
                                     [wake = wake_] { wake->post(); });
  return tracker_.is_stalled();
}

void thread_watch::take_answer_about_wait(const surroundings& around) {
  if (!wait_question_ || !wait_question_->done()) return;
  const auto found = std::exchange(wait_question_, {})->take();
  if (found.moved) return;
  if (!found.in_loop_wait) {
    handlers_futex_ = asked_about_;
    return;
  }
  loops_futex_ = asked_about_;
  void_turn_ = asked_in_turn_;
  thread_->set_waits_in_loop();
  // A handler had blocked it before.
  if (open_ && sample_) end_by_progress(asleep_there_since_, around);
}

// Of a thread that is busy all the time, only what it sleeps now is known.
bool thread_watch::is_proof_asleep() {
  if (tracker_.is_stalled()) return true;
  const bool in_futex = sample_->call->number == SYS_futex;
  if (in_futex && !sampler_.knows_scheduler()) return false;
  const auto sleeps_for = sample_->not_running_for.value_or(nanoseconds{0});
  if (in_futex && sleeps_for < settings_.stall_threshold / 2) return false;
  if (in_futex || is_usually_busy()) tracker_.set_earliest_start(sample_->time - sleeps_for - max_time_to_post);
  return has_slept_ || !slept_since_;
}

// A thread that has work all the time looks like one that is stuck, unless another one waits for work, or none has run
// the probes.
bool thread_watch::is_proof_running(const surroundings& around) {
  if (slept_since_) return false;
  const auto now = sample_->time;
  if (is_usually_busy() && now - tracker_.blocked_since().value_or(now) < max_time_with_work) return false;
  const bool none_runs_probe = around.probe_posted && around.no_probe_since &&
                               now - *around.probe_posted >= settings_.stall_threshold &&
                               now - *around.no_probe_since >= max_time_to_post;
  if (around.another_waits && switches_) return true;
  // What it did before the probe was posted is not known.
  if (none_runs_probe) tracker_.set_earliest_start(*around.probe_posted - max_time_to_post);
  return none_runs_probe;
}

bool thread_watch::is_usually_busy() const {
  return tracker_.usual_busy() >= 0.5;
}

// A thread that has run in every sample and has gone to sleep in between has ended a handler, or it sleeps now and then
// within one. The next samples show which.
void thread_watch::look_for_progress(const surroundings& around) {
  const auto blocked_since = tracker_.blocked_since();
  if (blocked_since && thread_->last_probe() > *blocked_since) end_by_progress(thread_->last_probe(), around);
  has_slept_ = has_slept_ || has_slept();
  if (!tracker_.is_suspected() || !switches_ || has_slept_) return slept_since_.reset();
  const auto switches = sampler_.voluntary_switches();
  if (!slept_since_) {
    if (switches == switches_) return;
    slept_since_ = last_judged_;
    if (sample_->time - last_close_look_ >= time_between_close_looks) last_close_look_ = sample_->time;
  }
  const bool is_observed = sample_->time - last_judged_ < max_time_to_see_sleep;
  const bool has_gone_on =
      sample_->state == thread_state::runnable && is_observed && sample_->time - *slept_since_ >= max_time_to_see_sleep;
  const bool waits_again = sample_->state == thread_state::waiting && switches && *switches - *switches_ > 1;
  if (!has_gone_on && !waits_again) return;
  end_by_progress(*slept_since_, around);
}

/// The handler has ended at about that time, since the thread has run something else.
void thread_watch::end_by_progress(time_point time, const surroundings& around) {
  slept_since_.reset();
  const auto end = tracker_.on_progress(*sample_, time);
  if (!end.stall || !open_) return;
  take_stack();
  end_stall(*end.stall, open_->times().so_far(end.stall->end, around.pressure), around);
}

// A short wait for a lock says nothing: a thread with many short handlers is seen in one, too.
bool thread_watch::has_slept() {
  if (sample_->state != thread_state::asleep) return false;
  if (sample_->not_running_for.value_or(min_long_sleep) >= min_long_sleep) return true;
  return sample_->call->number != SYS_futex && ++short_sleeps_ > 1;
}

// A stopped loop runs no probe any more. A handler that was stalled when it was stopped goes on until the thread is
// seen in another call, or its stack shows no loop.
bool thread_watch::may_have_left_the_loop() const {
  if (!open_) return true;
  if (open_->is_outside_loop()) return true;
  return sample_->state == thread_state::waiting;
}

void thread_watch::open_stall(const host_pressure& pressure) {
  if (settling_.size() >= max_settling) {
    settle(settling_.front(), time_point::max());
    settling_.pop_front();
  }
  for (auto& each : settling_) {
    if (!each.delayed) each.delayed = observer_.delayed();
  }
  const auto start = tracker_.stall_start();
  const auto id = observer_.next_stall_id();
  open_.emplace(id, start, clock_reading::now(), time_breakdown(start, tracker_.totals_at_start(), pressure),
                stall_too_short, settings_.library_prefixes);
  job_.reset();
  next_look_ = settings_.stall_threshold;
  thread_->await_end_of_turn(true);
  observer_.on_stall_began(id);
}

void thread_watch::end_stall(const stall_tracker::time_span& stall, const time_split& split,
                             const surroundings& around) {
  thread_->await_end_of_turn(false);
  if (stack_sampler_) stack_sampler_->cancel();
  const auto others_free = around.free_threads - (waits() && around.free_threads > 0 ? 1 : 0);
  settling_.push_back({*std::move(open_), split, stall.end, around.threads, others_free, std::exchange(job_, {}),
                       std::nullopt, thread_->tells_waits() && is_leaving_});
  open_.reset();
  if (!settling_.back().may_be_exit) observer_.on_stall_ended(record_of(settling_.back()), stall.end);
}

// A thread on its CPU is in a call now and then: which one it is in mostly, only many looks tell.
bool thread_watch::is_next_look_due() {
  const auto age = sample_->time - open_->start();
  if (!thread_->tells_waits() || sample_->state != thread_state::runnable || age < next_look_) return false;
  next_look_ = age * 5 / 4;
  return true;
}

void thread_watch::ask_for_stack() {
  if (job_ && !job_->done()) return;
  has_moved_ = false;
  if (sample_->state == thread_state::asleep) {
    // The explainer may come to it only when the thread has gone on.
    auto copy = copy_sleeping_stack(sampler_.thread(), sample_->call);
    explain({.thread = sampler_.thread(), .asleep_in = sample_->call, .copy = std::move(copy)});
    return;
  }
  if (!stack_sampler_) return explain({.thread = sampler_.thread(), .interrupt = true});
  if (!stack_sampler_->request(sampler_.thread().tid)) return open_->set_no_stack_reason(stack_sampler_->failure());
  stack_requested_ = steady::now();
}

void thread_watch::explain(explain_request request) {
  request.loop_address = thread_->wait_address();
  request.source_root = settings_.source_root;
  job_ = explainer_.submit(std::move(request), [wake = wake_] { wake->post(); });
}

bool thread_watch::take_stack() {
  bool is_new = false;
  if (is_stack_pending()) {
    if (auto raw = stack_sampler_->collect(nanoseconds{0})) {
      if (raw->exception_in_flight) {
        if (open_) open_->set_no_stack_reason("an exception was in flight");
        is_new = true;
      } else {
        explain({.thread = sampler_.thread(), .captured = std::move(raw)});
      }
    } else if (open_ && steady::now() - stack_requested_ > max_stack_time) {
      open_->set_no_stack_reason(stack_sampler_->failure());
      if (late_stacks_mislead) stack_sampler_->cancel();
      is_new = true;
    }
  }
  if (!job_ || !job_->done()) return is_new;
  auto found = std::exchange(job_, {})->take();
  has_moved_ = found.moved;
  return (open_ && open_->add_explanation(std::move(found))) || is_new;
}

void thread_watch::complete(stall_record& record, std::size_t threads, std::size_t free_threads) const {
  record.loop = settings_.name;
  record.tid = sampler_.thread().tid;
  record.thread_name = name_;
  record.threads = threads;
  record.free_threads = free_threads;
}

void thread_watch::report_progress(const surroundings& around, bool is_new_stack) {
  auto record = open_->build(open_->times().so_far(sample_->time, around.pressure), true);
  complete(record, around.threads, around.free_threads);
  observer_.on_stall_changed(std::move(record), open_->fingerprint(), is_new_stack);
}

stall_record thread_watch::record_of(const settling_stall& ended) const {
  auto record = ended.builder.build(ended.split, false);
  complete(record, ended.threads, ended.free_threads);
  record.delayed = ended.delayed.value_or(observer_.delayed());
  return record;
}

void thread_watch::settle(time_point now) {
  std::erase_if(settling_, [&](settling_stall& each) { return settle(each, now); });
}

bool thread_watch::settle(settling_stall& ended, time_point now) {
  if (ended.job && ended.job->done()) {
    ended.builder.add_explanation(std::exchange(ended.job, {})->take());
    observer_.on_ended_stall_changed(record_of(ended));
  }
  const bool waits_for_place = ended.job && now < ended.end + max_explanation_time;
  if (now < ended.end + settings_.settle_time || waits_for_place) return false;
  const auto record = record_of(ended);
  if (ended.may_be_exit) {
    if (!record.culprit) {
      observer_.on_no_stall(record.id);
      return true;
    }
    observer_.on_stall_ended(record, ended.end);
  }
  observer_.on_stall_complete(record, ended.builder.fingerprint());
  return true;
}

/// The thread does not run the loop any more.
void thread_watch::stop(time_point now, const surroundings& around) {
  // A thread without a seat has left it at an unknown time since the last look.
  const auto left_at = thread_->has_seat() ? now : now - (now - std::max(last_judged_, tracker_.stall_start())) / 2;
  const auto stall = tracker_.on_loop_stopped(left_at);
  if (stall && open_) end_stall(*stall, open_->times().so_far(left_at, around.pressure), around);
}

void thread_watch::end(time_point now, const host_pressure& pressure) {
  surroundings around;
  around.pressure = pressure;
  take_stack();
  take_ended_turns(around);
  is_leaving_ = !thread_->was_killed();
  stop(now, around);
  std::erase_if(settling_, [&](settling_stall& each) { return settle(each, each.job ? now : time_point::max()); });
}

thread_watch::time_point thread_watch::next_check(time_point now) const {
  auto next = tracker_.next_check(now);
  if (is_stack_pending()) next = std::min(next, now + stack_check_interval);
  if (open_ && thread_->tells_waits())
    next = std::min(next, std::max(now + stack_check_interval, open_->start() + next_look_));
  if (slept_since_ && now - last_close_look_ < max_time_to_see_sleep) next = std::min(next, now + close_look_interval);
  if (!settling_.empty())
    next = std::min(next, std::max(now + stack_check_interval, settling_.front().end + settings_.settle_time));
  return next;
}

}  // namespace loopscope::monitor
