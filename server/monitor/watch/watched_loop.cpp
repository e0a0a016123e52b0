#include "watched_loop.hpp"

#include <algorithm>
#include <utility>

#include "server/monitor/explain/sentence.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;
using steady = std::chrono::steady_clock;

// A running thread stores its stack in far less time. A later check collects what comes after it.
constexpr std::chrono::milliseconds stack_timeout{5};

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

constexpr const char* signal_not_handled =
    late_stacks_mislead ? "the signal was not handled in time (ThreadSanitizer delays signals)"
                        : "the signal was not handled in time (uninterruptible sleep, or not scheduled)";
constexpr const char* signal_not_sent = "the signal was not sent: the thread has ended or still handles an earlier one";
constexpr const char* stall_too_short = "the stall ended before its stack was taken";

nanoseconds deadline_interval(const options& o) {
  return std::max<nanoseconds>(std::chrono::milliseconds{1}, std::min(o.probe_interval, o.stall_threshold));
}

}  // namespace

watched_loop::watched_loop(loop_hooks hooks, options settings, std::shared_ptr<activity_slot> activities,
                           std::shared_ptr<wake_signal> wake)
    : settings_(std::move(settings)),
      hooks_(std::move(hooks)),
      activities_(std::move(activities)),
      heartbeat_(std::move(wake)),
      stats_(deadline_interval(settings_), settings_.recent_capacity, heartbeat_),
      tracker_(settings_.stall_threshold, deadline_interval(settings_), steady::now()),
      policy_(settings_.reports_per_minute),
      stack_sampler_(settings_.capture_signal),
      symbolizer_(settings_.source_root) {}

watched_loop::time_point watched_loop::check(const host_pressure& pressure, scheduler_clock& clock) {
  const std::lock_guard lock(check_mutex_);
  if (detached_) return time_point::max();
  identify_thread();
  const auto now = steady::now();
  std::optional<thread_sample> sample;
  if (thread_) sample = thread_->sample(now);
  if (sample && tracker_.needs_not_running_for(*sample))
    sample->not_running_for = thread_->not_running_for(*sample, clock);

  take_beat(sample, pressure);
  const bool is_gone = !sample || (tracker_.is_stall_suspected(now) && hooks_.stopped());
  if (tracker_.running() && is_gone) on_loop_gone(now, pressure);
  if (!sample) sample.emplace().time = now;

  const auto next = tracker_.on_sample(*sample);
  if (tracker_.running() && next.at_deadline) stats_.add_deadline(next.busy);
  if (next.post_probe) pressure_at_post_ = pressure;
  if (next.stall_began) open_stall();
  if (open_stall_) {
    open_stall_->add_sample(*sample, thread_->tid(), *activities_);
    // Readers see the stall before its stack, which may take a while to read.
    if (next.stall_began) update_open_stall(*sample, false, pressure);
    if (next.take_stack) take_stack();
    const bool came_late = !next.take_stack && stack_sampler_.pending() && collect_stack(nanoseconds{0});
    update_open_stall(*sample, next.take_stack || came_late, pressure);
  }
  if (next.post_probe) post_probe();
  settle(now);
  running_.store(tracker_.running(), std::memory_order_relaxed);
  return tracker_.next_check(steady::now());
}

void watched_loop::detach() {
  const std::lock_guard lock(check_mutex_);
  detached_ = true;
}

void watched_loop::identify_thread() {
  const auto identity = heartbeat_.thread();
  if (identity.tid == 0 || (thread_ && thread_->tid() == identity.tid)) return;
  thread_.emplace(identity.tid, identity.cpu_clock);
  stats_.on_new_thread();
}

void watched_loop::take_beat(const std::optional<thread_sample>& sample, const host_pressure& pressure) {
  const auto beat = heartbeat_.take_beat();
  if (!beat) return;
  const auto run_queue = sample ? sample->run_queue : std::nullopt;
  const auto out = tracker_.on_beat(*beat, run_queue);
  if (out.lag) stats_.add_lag(*out.lag, beat->time);
  if (!out.stall) return;

  if (out.found_late) open_stall();
  if (stack_sampler_.pending()) collect_stack(nanoseconds{0});
  end_stall(*out.stall, open_stall_->times().at_end(*out.stall, beat->cpu, run_queue, pressure));
}

void watched_loop::on_loop_gone(time_point now, const host_pressure& pressure) {
  const auto stall = tracker_.on_loop_stopped(now);
  if (stall && open_stall_) end_stall(*stall, open_stall_->times().so_far(now, pressure));
  heartbeat_.clear_blocked_since();
}

void watched_loop::open_stall() {
  if (settling_) settle(time_point::max());
  const auto start = tracker_.stall_start();
  open_stall_.emplace(++last_stall_id_, start, clock_reading::now(),
                      time_breakdown(start, tracker_.totals_at_start(), pressure_at_post_), stall_too_short);
  heartbeat_.stall_began(last_stall_id_);
  advice_.clear();
  repeats_ = 0;
}

void watched_loop::take_stack() {
  if (!stack_sampler_.disabled_reason().empty())
    return open_stall_->set_no_stack_reason(stack_sampler_.disabled_reason());
  auto obstacle = obstacle_to_signal(thread_->tid(), stack_sampler_.signal());
  if (!obstacle.empty()) return open_stall_->set_no_stack_reason(std::move(obstacle));
  if (!stack_sampler_.request(thread_->tid())) return open_stall_->set_no_stack_reason(signal_not_sent);
  collect_stack(stack_timeout);
}

bool watched_loop::collect_stack(nanoseconds timeout) {
  const auto raw = stack_sampler_.collect(timeout);
  if (!raw) {
    open_stall_->set_no_stack_reason(signal_not_handled);
    if (late_stacks_mislead) stack_sampler_.cancel();
    return false;
  }
  if (raw->exception_in_flight) {
    open_stall_->set_no_stack_reason("an exception was in flight");
  } else {
    open_stall_->add_stack(symbolizer_.blocking_frames(*raw));
  }
  return true;
}

void watched_loop::update_open_stall(const thread_sample& sample, bool has_new_stack, const host_pressure& pressure) {
  auto record = open_stall_->build(open_stall_->times().so_far(sample.time, pressure), true);
  record.loop = settings_.name;
  if (has_new_stack) advice_ = advice_for(record);
  const bool report = has_new_stack && should_report(record, open_stall_->fingerprint(), sample.time);
  record.repeats = repeats_;
  record.sentence = to_sentence(record, advice_);
  stats_.set_open_stall(record, tracker_.lag_since(), open_stall_->start());
  if (report) notify(record);
}

void watched_loop::end_stall(const stall_tracker::time_span& stall, const time_split& split) {
  stack_sampler_.cancel();
  heartbeat_.stall_ended(stall.end);
  settling_ = settling_stall{*std::move(open_stall_), split, stall.end + settings_.settle_time, repeats_};
  open_stall_.reset();
  stats_.add_ended_stall(build_ended_record());
}

stall_record watched_loop::build_ended_record() const {
  auto record = settling_->builder.build(settling_->split, false);
  record.loop = settings_.name;
  record.delayed = heartbeat_.delayed();
  record.repeats = settling_->repeats;
  record.sentence = to_sentence(record, advice_for(record));
  return record;
}

void watched_loop::settle(time_point now) {
  if (!settling_ || now < settling_->until) return;
  auto record = build_ended_record();
  const auto fingerprint = settling_->builder.fingerprint();
  settling_.reset();
  if (!open_stall_) heartbeat_.stop_blaming();
  const bool report = should_report(record, fingerprint, steady::now());
  stats_.update_ended_stall(record);
  if (report) notify(record);
}

void watched_loop::post_probe() {
  heartbeat_.arm(tracker_.blocked_since());
  hooks_.post(probe(shared_from_this()));
}

std::string watched_loop::advice_for(const stall_record& record) const {
  if (!settings_.advise) return {};
  try {
    return settings_.advise(record);
  } catch (...) {
    callback_errors_.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
}

bool watched_loop::should_report(stall_record& record, std::uint64_t fingerprint, time_point now) {
  const auto decision = policy_.consider(record.id, fingerprint, record.duration, !record.in_progress, now);
  reports_.store(policy_.reported(), std::memory_order_relaxed);
  suppressed_.store(policy_.suppressed(), std::memory_order_relaxed);
  repeats_ = decision.repeats;
  record.repeats = decision.repeats;
  record.suppressed = decision.suppressed;
  return decision.report;
}

void watched_loop::notify(const stall_record& record) const {
  if (!settings_.on_stall) return;
  try {
    settings_.on_stall(record);
  } catch (...) {
    callback_errors_.fetch_add(1, std::memory_order_relaxed);
  }
}

void watched_loop::add_counters(snapshot& out) const noexcept {
  out.running = running_.load(std::memory_order_relaxed);
  out.reports = reports_.load(std::memory_order_relaxed);
  out.reports_suppressed = suppressed_.load(std::memory_order_relaxed);
  out.callback_errors = callback_errors_.load(std::memory_order_relaxed);
  out.activities_dropped = activities_->dropped();
}

nanoseconds watched_loop::stalled_for(time_point now) const noexcept {
  const auto blocked = heartbeat_.blocked_for(now);
  return blocked >= settings_.stall_threshold ? blocked : nanoseconds{0};
}

nanoseconds watched_loop::last_stalled_for(time_point now) const noexcept {
  const auto blocked = heartbeat_.last_blocked_for(now);
  return blocked >= settings_.stall_threshold ? blocked : nanoseconds{0};
}

}  // namespace loopscope::monitor
