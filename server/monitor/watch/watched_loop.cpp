// SPDX-License-Identifier: MIT

#include "watched_loop.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

#include "server/monitor/detect/idle_threads.hpp"
#include "server/monitor/explain/alternate_stack.hpp"
#include "server/monitor/explain/blame.hpp"
#include "server/monitor/explain/sentence.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;
using steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds min_interval{1};
constexpr std::chrono::hours max_interval{1};
constexpr std::chrono::milliseconds min_time_between_searches{10};
constexpr std::chrono::milliseconds max_time_between_searches{500};
/// Ten times what a thread takes to wake up.
constexpr std::chrono::microseconds time_until_threads_are_awake{500};
constexpr std::size_t max_searched_threads = 512;
constexpr std::chrono::milliseconds time_until_another_probe{10};

nanoseconds deadline_interval(const options& o) {
  return std::min(o.probe_interval, o.stall_threshold);
}

void require(bool valid, const std::string& name, const std::string& allowed) {
  if (!valid) throw std::invalid_argument("loopscope::monitor::options::" + name + " must be " + allowed);
}

options checked(options settings) {
  const auto is_interval = [](std::chrono::milliseconds t) { return t >= min_interval && t <= max_interval; };
  require(is_interval(settings.stall_threshold), "stall_threshold", "from 1 ms to 1 hour");
  require(is_interval(settings.probe_interval), "probe_interval", "from 1 ms to 1 hour");
  require(settings.settle_time >= std::chrono::milliseconds{0} && settings.settle_time <= max_interval, "settle_time",
          "from 0 to 1 hour");
  const int signal = settings.capture_signal;
  require(signal == default_capture_signal || signal == no_capture_signal || (signal > 0 && signal <= SIGRTMAX),
          "capture_signal", "a signal of this system, default_capture_signal or no_capture_signal");
  return settings;
}

}  // namespace

watched_loop::watched_loop(loop_hooks hooks, options settings, std::shared_ptr<activity_slot> activities,
                           const std::shared_ptr<wake_signal>& wake, explainer& explainer, reporter& reporter,
                           std::shared_ptr<watched_loop> whole)
    : settings_(checked(std::move(settings))),
      hooks_(std::move(hooks)),
      activities_(std::move(activities)),
      wake_(wake),
      heartbeat_(wake),
      roster_(settings_.stall_threshold, wake),
      stats_(deadline_interval(settings_), settings_.recent_capacity, roster_),
      explainer_(explainer),
      reporter_(reporter),
      events_([this](int descriptor) { return owns_event_queue(descriptor); }),
      schedule_(deadline_interval(settings_), steady::now()),
      policy_(settings_.reports_per_minute),
      time_between_searches_(min_time_between_searches),
      whole_(std::move(whole)) {}

watched_loop::time_point watched_loop::check(const host_pressure& pressure, scheduler_clock& clock) {
  const std::lock_guard lock(check_mutex_);
  if (detached_) return time_point::max();
  if (whole_) return check_part();
  find_threads(steady::now());
  update_threads(pressure, clock);
  auto around = surroundings(pressure);
  take_beat(around);
  for (const auto& each : threads_) each->judge(around);

  warn_once_of_uncounted_threads();
  const bool running = std::ranges::any_of(threads_, &thread_watch::is_running);
  const auto busy =
      std::ranges::count_if(threads_, [](const auto& each) { return each->is_running() && !each->waits(); });
  const auto known = std::ranges::count_if(threads_, &thread_watch::is_running);
  const auto now = steady::now();
  const auto next = schedule_.on_check(now, running, running && busy < known);
  if (running && next.at_deadline) stats_.add_deadline(static_cast<std::size_t>(busy), static_cast<std::size_t>(known));
  if (!hooks_.post) {
    heartbeat_.arm(blocked_since());
    schedule_.on_post_failed();
  } else if (next.post) {
    post_probe();
  }
  post_another_probe(now);
  stats_.set_lag_since(schedule_.lag_since());

  const auto blocked = std::ranges::count_if(threads_, &thread_watch::is_stalled);
  stalled_since_post_ = stalled_since_post_ || blocked > 0;
  blocked_threads_.store(static_cast<std::size_t>(blocked), std::memory_order_relaxed);
  thread_count_.store(static_cast<std::size_t>(known), std::memory_order_relaxed);
  running_.store(running, std::memory_order_relaxed);
  if (!running) heartbeat_.clear_blocked_since();
  if (blocked == 0 && std::ranges::none_of(threads_, &thread_watch::is_settling)) heartbeat_.stop_blaming();

  auto due = schedule_.next_deadline();
  const auto end = steady::now();
  for (const auto& each : threads_) due = std::min(due, each->next_check(end));
  return due;
}

watched_loop::time_point watched_loop::check_part() {
  auto now = steady::now();
  const auto posted = schedule_.posted_at();
  if (const auto beat = heartbeat_.take_beat()) {
    if (const auto lag = schedule_.on_beat(beat->time, true)) stats_.add_lag(*lag, beat->time);
    if (part_stall_) update_part_stall(beat->time, true);
  } else if (part_stall_ || (posted && now - *posted >= settings_.stall_threshold)) {
    update_part_stall(now, false);
  }
  const auto next = schedule_.on_check(now, true, false);
  running_.store(true, std::memory_order_relaxed);
  if (next.at_deadline) stats_.add_deadline(schedule_.is_outstanding() ? 1 : 0, 1);
  if (next.post) post_probe();
  stats_.set_lag_since(schedule_.lag_since());
  now = steady::now();
  return std::max(schedule_.next_deadline(), now + min_interval);
}

// The record is that of the thread that is blocked. If several are, which of them runs the strand is not known.
void watched_loop::update_part_stall(time_point now, bool ended) {
  auto blocked = whole_->stats().recent_stalls();
  const auto since = part_stall_ ? part_stall_->started_steady : schedule_.posted_at().value_or(now);
  std::erase_if(blocked, [&](const stall_record& r) {
    return r.tid == 0 || (!r.in_progress && r.started_steady + r.duration < since);
  });
  stall_record record;
  if (blocked.size() == 1) {
    record = std::move(blocked.front());
    record.delayed = {};
  } else if (part_stall_) {
    record = *part_stall_;
  } else {
    record.no_stack_reason = "it is not known which thread runs the strand";
    record.started_steady = since;
    record.started = clock_reading::now().to_system(since);
  }
  record.id = part_stall_ ? part_stall_->id : next_stall_id();
  if (part_stall_) {
    record.started = part_stall_->started;
    record.started_steady = part_stall_->started_steady;
  }
  record.loop = settings_.name;
  record.in_progress = !ended;
  record.duration = now - record.started_steady;
  const auto fingerprint = stack_fingerprint(record.stack, settings_.library_prefixes);
  const bool is_new_stack = !part_stall_ || part_stall_->stack.empty() != record.stack.empty();
  if (ended) {
    part_stall_.reset();
    stats_.add_ended_stall(record);
    on_stall_complete(std::move(record), fingerprint);
  } else {
    part_stall_ = record;
    on_stall_changed(std::move(record), fingerprint, is_new_stack);
  }
}

// Probes find the threads one by one. Those that wait for work can be seen at once. Most start soon after the monitor.
void watched_loop::find_threads(time_point now) {
  if (now < next_search_ || hooks_.scheduler.end == 0) return;
  next_search_ = now + time_between_searches_;
  time_between_searches_ = std::min(time_between_searches_ * 2, max_time_between_searches);
  const bool all_have_seats =
      !threads_.empty() && std::ranges::all_of(threads_, [](const auto& each) { return each->thread().has_seat(); });
  if (all_have_seats) return;
  for (const auto& [tid, call] : find_waiting_threads(max_searched_threads)) {
    const auto is_same = [tid = tid](const auto& each) { return each->thread().id().tid == tid; };
    if (!waits_for_work(call) || std::ranges::any_of(threads_, is_same)) continue;
    roster_.add(thread_identity::of(tid));
  }
  introduce_threads();
}

// A thread has a stack for the capture signal when a probe has run on it. Which thread runs a probe is not known. There
// are as many probes at once as there are threads, and one that comes to a thread with a stack is posted again for a
// while: the first thread to wake would run all of them before the others are awake.
void watched_loop::introduce_threads() {
  if (all_threads_are_prepared()) return;
  post_again_until_.store(steady::now() + time_until_threads_are_awake);
  const probe introduction(shared_from_this(), probe::purpose::introduction);
  for (std::size_t i = 0; i < roster_.size(); ++i) post(hooks_.post, introduction);
  if (hooks_.post_to_waiting_thread) post(hooks_.post_to_waiting_thread, introduction);
}

bool watched_loop::all_threads_are_prepared() const {
  return std::ranges::all_of(roster_.threads(),
                             [](const auto& each) { return each->has_seat() || is_prepared(each->id().tid); });
}

bool watched_loop::waits_for_work(const system::syscall_line& call) {
  if (is_event_wait(call)) return events_.is_own(call) == true;
  // Who posts to the loop may wait for the lock of its scheduler and is no thread of it.
  return is_condition_wait(call) && hooks_.scheduler.contains(call.arguments[0]);
}

std::optional<bool> watched_loop::owns_event_queue(int descriptor) noexcept {
  try {
    return hooks_.owns_event_queue ? hooks_.owns_event_queue(descriptor) : std::nullopt;
  } catch (...) {
    callback_errors_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
}

void watched_loop::update_threads(const host_pressure& pressure, scheduler_clock& clock) {
  for (const auto& thread : roster_.threads()) {
    const bool known = std::ranges::any_of(threads_, [&](const auto& each) { return &each->thread() == thread.get(); });
    if (!known)
      threads_.push_back(std::make_unique<thread_watch>(thread, settings_, hooks_.scheduler, events_, wake_,
                                                        *activities_, *this, explainer_));
  }
  std::erase_if(threads_, [&](const std::unique_ptr<thread_watch>& each) {
    if (each->sample(clock)) return false;
    each->end(steady::now(), pressure);
    if (each->is_settling()) return false;
    roster_.remove(each->thread());
    return true;
  });
}

thread_watch::surroundings watched_loop::surroundings(const host_pressure& pressure) {
  thread_watch::surroundings out;
  out.pressure = pressure;
  out.threads = std::max<std::size_t>(1, threads_.size());
  out.is_only_thread = threads_.size() <= 1;
  out.free_threads = static_cast<std::size_t>(std::ranges::count_if(threads_, &thread_watch::waits));
  out.another_waits = out.free_threads > 0;
  out.probe_posted = schedule_.posted_at();
  if (another_posted_ && !has_run_probe_since(*another_posted_)) out.no_probe_since = another_posted_;
  out.is_stopped = std::ranges::any_of(threads_, &thread_watch::is_suspected) && is_stopped();
  return out;
}

void watched_loop::take_beat(thread_watch::surroundings& around) {
  const auto beat = heartbeat_.take_beat();
  if (!beat) return;
  const bool running = std::ranges::any_of(threads_, &thread_watch::is_running);
  const auto since = schedule_.lag_since();
  if (const auto lag = schedule_.on_beat(beat->time, running)) stats_.add_lag(*lag, beat->time);
  for (const auto& each : threads_) {
    if (each->thread().id().tid == beat->tid) each->on_beat(*beat, around);
  }
  around.probe_posted.reset();
  if (since) report_queue(*beat, *since, around);
}

// A counted run loop knows that no handler took long, although the probe had to wait: handlers were queued before it.
void watched_loop::report_queue(const heartbeat::probe_beat& beat, time_point since,
                                const thread_watch::surroundings& around) {
  const nanoseconds waited = beat.time - since;
  nanoseconds longest{0};
  for (const auto& each : threads_) {
    if (!each->thread().counted()) return;
    longest = std::max(longest, each->thread().take_max_turn());
    // The thread had taken the probe out of the queue, and then waited for a CPU.
    const bool ran_it = each->thread().id().tid == beat.tid;
    if (ran_it && waited - each->waited_for_cpu() < settings_.stall_threshold) return;
  }
  const auto times = roster_.times_of_handlers();
  const auto handlers = times.count - handlers_at_post_.count;
  // A thread that waited for a CPU or slept had no queue to work off.
  const bool worked = (times.sum - handlers_at_post_.sum) * 2 >= waited * static_cast<int>(threads_.size());
  const bool is_queue = worked && handlers >= 2 && longest < settings_.stall_threshold;
  if (stalled_since_post_ || waited < settings_.stall_threshold || !is_queue) return;
  stall_record record;
  record.id = next_stall_id();
  record.loop = settings_.name;
  record.started_steady = since;
  record.started = clock_reading::now().to_system(since);
  record.duration = waited;
  record.threads = around.threads;
  record.verdict = verdict::on_cpu;
  record.handlers = handler_count::many;
  record.queued_handlers = handlers;
  record.longest_handler = longest;
  record.no_stack_reason = "many short handlers were queued, so that no single place is to blame";
  stats_.add_ended_stall(record);
  constexpr std::uint64_t queue_fingerprint = 1;
  on_stall_complete(std::move(record), queue_fingerprint);
}

/// None of the threads waits for work since then.
std::optional<watched_loop::time_point> watched_loop::blocked_since() const {
  std::optional<time_point> out;
  for (const auto& each : threads_) {
    if (!each->is_running()) continue;
    const auto since = each->blocked_since();
    if (!since) return std::nullopt;
    out = std::max(out.value_or(*since), *since);
  }
  return out;
}

void watched_loop::post_probe() {
  for (const auto& each : threads_) static_cast<void>(each->thread().take_max_turn());
  handlers_at_post_ = roster_.times_of_handlers();
  stalled_since_post_ = false;
  // Blocked as a whole since the last of the threads is.
  std::optional<time_point> since;
  for (const auto& each : threads_) {
    if (!each->is_running()) continue;
    const auto blocked = each->blocked_since();
    since = std::max(since.value_or(time_point{}), blocked.value_or(steady::now()));
  }
  heartbeat_.arm(since);
  if (!post(hooks_.post, probe(shared_from_this(), probe::purpose::beat))) {
    heartbeat_.clear_blocked_since();
    return schedule_.on_post_failed();
  }
  const auto posted = steady::now();
  schedule_.on_posted(posted);
  for (const auto& each : threads_) each->on_probe_posted(posted);
}

// Of several threads, one that has taken the probe may wait for a CPU, while the others go on.
void watched_loop::post_another_probe(time_point now) {
  const auto posted = schedule_.posted_at();
  const bool are_told_by_probes = threads_.size() > 1 && !roster_.is_counted();
  if (!posted || !are_told_by_probes || now - *posted < time_until_another_probe) return another_posted_.reset();
  if (another_posted_ && !has_run_probe_since(*another_posted_)) return;
  if (post(hooks_.post, probe(shared_from_this(), probe::purpose::introduction))) another_posted_ = now;
}

bool watched_loop::has_run_probe_since(time_point when) const {
  return std::ranges::any_of(threads_, [&](const auto& each) { return each->thread().last_probe() >= when; });
}

bool watched_loop::post(const std::function<void(probe)>& hook, probe handler) noexcept {
  try {
    hook(std::move(handler));
    return true;
  } catch (...) {
    callback_errors_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
}

bool watched_loop::is_stopped() noexcept {
  try {
    return hooks_.stopped && hooks_.stopped();
  } catch (...) {
    callback_errors_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
}

void watched_loop::on_probe(probe::purpose why) noexcept {
  const bool is_wasted = why == probe::purpose::introduction && is_prepared(::gettid());
  try {
    join_this_thread().note_probe();
    if (is_wasted && steady::now() < post_again_until_.load() && !all_threads_are_prepared())
      post(hooks_.post, probe(shared_from_this(), why));
  } catch (...) {  // no memory for what the thread is known by
    callback_errors_.fetch_add(1, std::memory_order_relaxed);
  }
  if (why == probe::purpose::beat) heartbeat_.beat(::gettid());
}

void watched_loop::add_thread(std::shared_ptr<loop_thread> found) {
  roster_.add(std::move(found));
}

void watched_loop::blocking_finish() {
  reporter_.blocking_deliver(*this);
}

thread_slot& watched_loop::join_this_thread() {
  prepare_thread();
  return roster_.slot_of_this_thread();
}

void watched_loop::detach() {
  {
    const std::lock_guard lock(check_mutex_);
    detached_ = true;
    threads_.clear();
  }
  reporter_.forget(*this);
}

void watched_loop::on_fork_in_child() {
  threads_.clear();
  events_.forget();
  roster_.on_fork_in_child();
}

void watched_loop::on_stall_began(std::uint64_t stall) {
  heartbeat_.stall_began(stall);
}

void watched_loop::on_stall_changed(stall_record record, std::uint64_t fingerprint, bool is_new_stack) {
  const bool report = is_new_stack && should_report(record, fingerprint, steady::now());
  stats_.set_open_stall(record);
  if (report) reporter_.add(shared_from_this(), std::move(record), report_kind::progress);
}

void watched_loop::on_stall_ended(stall_record record, time_point end) {
  heartbeat_.stall_ended(end);
  stats_.add_ended_stall(std::move(record));
}

void watched_loop::on_ended_stall_changed(const stall_record& record) {
  stats_.update_ended_stall(record);
}

void watched_loop::on_stall_complete(stall_record record, std::uint64_t fingerprint) {
  const bool report = should_report(record, fingerprint, steady::now());
  stats_.update_ended_stall(record);
  if (settings_.on_stall_end) reporter_.add(shared_from_this(), record, report_kind::every_end);
  if (report) reporter_.add(shared_from_this(), std::move(record), report_kind::end);
}

bool watched_loop::should_report(stall_record& record, std::uint64_t fingerprint, time_point now) {
  const auto decision = policy_.consider(record.id, fingerprint, record.duration, !record.in_progress, now);
  reports_.store(policy_.reported(), std::memory_order_relaxed);
  suppressed_.store(policy_.suppressed(), std::memory_order_relaxed);
  record.repeats = decision.repeats;
  record.suppressed = decision.suppressed;
  return decision.report && settings_.on_stall;
}

void watched_loop::add_sentence(stall_record& record) const {
  std::string advice;
  if (settings_.advise) {
    try {
      advice = settings_.advise(record);
    } catch (...) {
      callback_errors_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  record.sentence = to_sentence(record, advice);
}

// One thread shows what it does: while it computes, no probe runs.
void watched_loop::warn_once_of_uncounted_threads() {
  const auto uncounted =
      std::ranges::count_if(threads_, [](const auto& each) { return each->is_running() && !each->thread().counted(); });
  if (has_warned_ || uncounted < 2) return;
  has_warned_ = true;
  stall_record record;
  record.sentence = "loop " + settings_.name +
                    " is run by several threads that do not count their handlers: one that computes for long, or "
                    "sleeps for moments again and again, may look like many short ones, and is then not told. Run an "
                    "io_context by monitor.run().";
  reporter_.add(shared_from_this(), std::move(record), report_kind::warning);
}

void watched_loop::warn(const std::string& text) const {
  if (settings_.on_warning) return settings_.on_warning(text);
  std::cerr << "loopscope::monitor: " + text + '\n';
}

void watched_loop::notify(stall_record record, report_kind kind) const {
  if (kind != report_kind::warning) add_sentence(record);
  try {
    if (kind == report_kind::warning) return warn(record.sentence);
    (kind == report_kind::every_end ? settings_.on_stall_end : settings_.on_stall)(record);
  } catch (...) {
    callback_errors_.fetch_add(1, std::memory_order_relaxed);
  }
}

std::vector<stall_record> watched_loop::recent_stalls() const {
  auto out = stats_.recent_stalls();
  for (auto& each : out) add_sentence(each);
  return out;
}

snapshot watched_loop::snapshot() const {
  monitor::snapshot out;
  const auto now = steady::now();
  out.total = stats_.total(now);
  out.by_verdict = stats_.by_verdict();
  out.stalled_for = stalled_for(now);
  out.running = running_.load(std::memory_order_relaxed);
  out.threads = thread_count_.load(std::memory_order_relaxed);
  out.blocked_threads = blocked_threads_.load(std::memory_order_relaxed);
  out.capacity_lost = stats_.time_in_stalls(now);
  if (roster_.is_counted()) out.handlers = roster_.times_of_handlers();
  out.reports = reports_.load(std::memory_order_relaxed);
  out.reports_suppressed = suppressed_.load(std::memory_order_relaxed);
  out.callback_errors = callback_errors_.load(std::memory_order_relaxed);
  out.activities_dropped = activities_->dropped();
  return out;
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
