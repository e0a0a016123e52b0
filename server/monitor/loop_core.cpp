#include "loop_core.hpp"

#include <algorithm>
#include <utility>

#include "sentence.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;
using steady = std::chrono::steady_clock;

// A running thread answers in far less; one that does not is asked again by the following looks.
constexpr std::chrono::milliseconds stack_wait{5};

// ThreadSanitizer keeps asynchronous signals until the thread enters a call that it intercepts, so that a
// late answer shows another place than the blocked one.
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

constexpr const char* no_answer = late_stacks_mislead
                                      ? "the signal was not handled in time (ThreadSanitizer delays signals)"
                                      : "the signal was not handled in time (uninterruptible sleep, or not scheduled)";
constexpr const char* too_short = "the stall ended before its stack was taken";

nanoseconds deadline_interval(const options& o) {
  return std::max<nanoseconds>(std::chrono::milliseconds{1}, std::min(o.probe_interval, o.stall_threshold));
}

}  // namespace

loop_core::loop_core(loop_hooks hooks, options settings, std::shared_ptr<activity_slot> activities,
                     std::shared_ptr<wake_signal> wake)
    : settings_(std::move(settings)),
      hooks_(std::move(hooks)),
      activities_(std::move(activities)),
      wake_(std::move(wake)),
      book_(deadline_interval(settings_), settings_.recent_capacity, pulse_),
      tracker_(settings_.stall_threshold, deadline_interval(settings_), steady::now()),
      policy_(settings_.reports_per_minute),
      catcher_(settings_.capture_signal),
      symboliser_(settings_.source_root) {}

loop_core::time_point loop_core::look(const host_totals& host, scheduler_clock& clock) {
  const std::lock_guard lock(look_mutex_);
  if (detached_) return time_point::max();
  learn_thread();
  const auto now = steady::now();
  std::optional<sighting> seen;
  if (thread_) seen = thread_->look(now);
  if (seen && tracker_.wants_away_for(*seen)) seen->away_for = thread_->away_for(*seen, clock);

  take_answer(seen, host);
  if (tracker_.running() && (!seen || (tracker_.suspects(now) && hooks_.stopped()))) loop_gone(now, host);
  if (!seen) seen.emplace().now = now;

  const auto next = tracker_.look(*seen);
  if (tracker_.running() && next.at_deadline) book_.add_deadline(next.busy);
  if (next.post) host_at_post_ = host;
  if (next.began) open_case();
  if (case_) {
    case_->look(*seen, *thread_, *activities_);
    // Known before its stack is, which may take a while to read.
    if (next.began) update_open(*seen, false, host);
    if (next.sample) take_stack();
    const bool came_late = !next.sample && catcher_.pending() && collect_stack(nanoseconds{0});
    update_open(*seen, next.sample || came_late, host);
  }
  if (next.post) post_probe();
  settle(now);
  running_.store(tracker_.running(), std::memory_order_relaxed);
  return tracker_.next_look(steady::now());
}

void loop_core::detach() {
  const std::lock_guard lock(look_mutex_);
  detached_ = true;
}

void loop_core::answer_probe() noexcept {
  if (pulse_.answer()) wake_->post();
}

void loop_core::learn_thread() {
  const auto id = pulse_.thread();
  if (id.tid == 0 || (thread_ && thread_->tid() == id.tid)) return;
  thread_.emplace(id.tid, id.cpu_clock);
  book_.loop_started();
}

void loop_core::take_answer(const std::optional<sighting>& seen, const host_totals& host) {
  const auto answer = pulse_.take_answer();
  if (!answer) return;
  const auto run_queue = seen ? seen->run_queue : std::nullopt;
  const auto out = tracker_.answered(*answer, run_queue);
  if (out.lag) book_.add_lag(*out.lag, answer->at);
  if (!out.stall) return;

  if (out.found_late) open_case();
  if (catcher_.pending()) collect_stack(nanoseconds{0});
  end_case(*out.stall, case_->account().at_end(*out.stall, answer->cpu, run_queue, host));
}

void loop_core::loop_gone(time_point now, const host_totals& host) {
  const auto stall = tracker_.stopped(now);
  if (stall && case_) end_case(*stall, case_->account().so_far(now, host));
  pulse_.forget_wait();
}

void loop_core::open_case() {
  if (settling_) settle(time_point::max());
  const auto start = tracker_.stall_start();
  case_.emplace(++stall_ids_, start, clock_reading::now(), time_account(start, tracker_.baseline(), host_at_post_),
                too_short);
  pulse_.declare(stall_ids_);
  advice_.clear();
  repeats_ = 0;
}

void loop_core::take_stack() {
  if (!catcher_.disabled_because().empty()) return case_->no_stack(catcher_.disabled_because());
  auto obstacle = thread_->obstacle_to_signal(catcher_.signal());
  if (!obstacle.empty()) return case_->no_stack(std::move(obstacle));
  if (catcher_.request(thread_->tid())) collect_stack(stack_wait);
}

bool loop_core::collect_stack(nanoseconds timeout) {
  const auto raw = catcher_.collect(timeout);
  if (!raw) {
    case_->no_stack(no_answer);
    if (late_stacks_mislead) catcher_.cancel();
    return false;
  }
  if (raw->exception_in_flight) {
    case_->no_stack("an exception was in flight");
  } else {
    case_->add_stack(symboliser_.blocking_frames(*raw));
  }
  return true;
}

void loop_core::update_open(const sighting& seen, bool sampled, const host_totals& host) {
  stall_record record;
  record.loop = settings_.name;
  case_->describe(record, case_->account().so_far(seen.now, host), true);
  if (sampled) advice_ = advice_for(record);
  const bool worth_telling = sampled && decide(record, case_->fingerprint(), seen.now);
  record.repeats = repeats_;
  record.sentence = to_sentence(record, advice_);
  book_.set_open(record, tracker_.lag_since(), case_->start());
  if (worth_telling) tell(record);
}

void loop_core::end_case(const stall_tracker::span& stall, const evidence& seen) {
  catcher_.cancel();
  pulse_.ended(stall.end);
  settling_ = settling{*std::move(case_), seen, stall.end + settings_.settle_time, repeats_};
  case_.reset();
  book_.add_ended(describe_ended());
}

stall_record loop_core::describe_ended() const {
  stall_record record;
  record.loop = settings_.name;
  settling_->ended.describe(record, settling_->seen, false);
  record.delayed = pulse_.delayed();
  record.repeats = settling_->repeats;
  record.sentence = to_sentence(record, advice_for(record));
  return record;
}

void loop_core::settle(time_point now) {
  if (!settling_ || now < settling_->until) return;
  auto record = describe_ended();
  const auto fingerprint = settling_->ended.fingerprint();
  settling_.reset();
  if (!case_) pulse_.release();
  const bool worth_telling = decide(record, fingerprint, steady::now());
  book_.complete(record);
  if (worth_telling) tell(record);
}

void loop_core::post_probe() {
  pulse_.arm(tracker_.blocked_since());
  hooks_.post(probe(shared_from_this()));
}

std::string loop_core::advice_for(const stall_record& record) const {
  if (!settings_.advise) return {};
  try {
    return settings_.advise(record);
  } catch (...) {
    callback_errors_.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
}

bool loop_core::decide(stall_record& record, std::uint64_t fingerprint, time_point now) {
  const auto decided = policy_.consider(record.id, fingerprint, record.duration, !record.in_progress, now);
  reports_.store(policy_.reported(), std::memory_order_relaxed);
  suppressed_.store(policy_.suppressed(), std::memory_order_relaxed);
  repeats_ = decided.repeats;
  record.repeats = decided.repeats;
  record.suppressed = decided.suppressed;
  return decided.report;
}

void loop_core::tell(const stall_record& record) const {
  if (!settings_.on_stall) return;
  try {
    settings_.on_stall(record);
  } catch (...) {
    callback_errors_.fetch_add(1, std::memory_order_relaxed);
  }
}

void loop_core::add_counters(snapshot& out) const noexcept {
  out.running = running_.load(std::memory_order_relaxed);
  out.reports = reports_.load(std::memory_order_relaxed);
  out.reports_suppressed = suppressed_.load(std::memory_order_relaxed);
  out.callback_errors = callback_errors_.load(std::memory_order_relaxed);
  out.activities_dropped = activities_->dropped();
}

nanoseconds loop_core::stalled_for(time_point now) const noexcept {
  const auto blocked = pulse_.blocked_for(now);
  return blocked >= settings_.stall_threshold ? blocked : nanoseconds{0};
}

}  // namespace loopscope::monitor
