// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "server/monitor/activity.hpp"
#include "server/monitor/detect/host_pressure.hpp"
#include "server/monitor/detect/loop_thread.hpp"
#include "server/monitor/detect/stall_tracker.hpp"
#include "server/monitor/detect/thread_sampler.hpp"
#include "server/monitor/detect/wake_signal.hpp"
#include "server/monitor/explain/explainer.hpp"
#include "server/monitor/explain/stack_sampler.hpp"
#include "server/monitor/explain/stall_builder.hpp"
#include "server/monitor/options.hpp"

namespace loopscope::monitor {

/// What happens to the stalls of a thread. Called on the watchdog.
class stall_observer {
 public:
  virtual std::uint64_t next_stall_id() = 0;
  /// Of the last stall.
  virtual delayed_requests delayed() const = 0;
  virtual void on_stall_began(std::uint64_t stall) = 0;
  /// The stall in progress has a new record. is_new_stack: what it says about the place is new, too.
  virtual void on_stall_changed(stall_record record, std::uint64_t fingerprint, bool is_new_stack) = 0;
  virtual void on_stall_ended(stall_record record, std::chrono::steady_clock::time_point end) = 0;
  virtual void on_ended_stall_changed(const stall_record& record) = 0;
  /// What was taken for a stall was none.
  virtual void on_no_stall(std::uint64_t stall) = 0;
  /// The record of an ended stall is complete.
  virtual void on_stall_complete(stall_record record, std::uint64_t fingerprint) = 0;

 protected:
  ~stall_observer() = default;
};

/// One thread of a loop: samples it, finds its stalls and collects what is known about them.
///
/// Threads: the watchdog only. A check is sample(), then on_beat() if a probe has run on the thread, then judge().
class thread_watch {
 public:
  using time_point = stall_tracker::time_point;

  /// What the loop as a whole shows during one check.
  struct surroundings {
    host_pressure pressure;
    /// No other thread is known to run the loop.
    bool is_only_thread = true;
    bool another_waits = false;
    /// When the probe was posted that no thread has run yet.
    std::optional<time_point> probe_posted;
    /// No thread has run a probe since then, although there was another one beside that.
    std::optional<time_point> no_probe_since;
    /// The loop was stopped: who leaves its present handler leaves run().
    bool is_stopped = false;
    std::size_t threads = 1;
    std::size_t free_threads = 0;
  };

  thread_watch(std::shared_ptr<loop_thread> thread, const options& settings, const memory_range& scheduler,
               event_queue& events, const std::shared_ptr<wake_signal>& wake, const activity_slot& activities,
               stall_observer& observer, explainer& explainer);

  /// Reads the state of the thread. Returns false when the thread has ended.
  bool sample(scheduler_clock& clock);
  /// A probe has run on the thread.
  void on_beat(const stall_tracker::beat& beat, const surroundings& around);
  void judge(const surroundings& around);
  /// The probe that is_suspected() asked for was posted.
  void on_probe_posted(time_point now);
  /// The thread has ended. Call it until it is not settling any more.
  void end(time_point now, const host_pressure& pressure);

  loop_thread& thread() const noexcept { return *thread_; }
  /// The thread is known to run the loop.
  bool is_running() const noexcept { return tracker_.running(); }
  bool waits() const noexcept { return sample_ && sample_->state == thread_state::waiting; }
  /// How long it has waited for a CPU since the last probe was posted.
  std::chrono::nanoseconds waited_for_cpu() const;
  bool is_suspected() const noexcept { return tracker_.is_suspected(); }
  bool is_stalled() const noexcept { return open_.has_value(); }
  std::optional<time_point> blocked_since() const { return tracker_.blocked_since(); }
  /// A record is not complete yet.
  bool is_settling() const noexcept { return !settling_.empty() || wait_question_; }
  time_point next_check(time_point now) const;

 private:
  /// A stall that has ended, until the requests that it delayed have been counted and its place is known.
  struct settling_stall {
    stall_builder builder;
    time_split split;
    time_point end;
    std::size_t threads;
    std::size_t free_threads;
    std::shared_ptr<explanation_job> job;
    std::optional<delayed_requests> delayed;  ///< known when the next stall begins
    /// The program did not come back to its loop: it ended, and then this is no stall unless a place in it is to blame.
    bool may_be_exit;
  };

  void stop(time_point now, const surroundings& around);
  void take_ended_turns(const surroundings& around);
  bool may_be_between_handlers() const;
  bool sample_own(scheduler_clock& clock);
  bool sample_other_process(scheduler_clock& clock);
  std::chrono::nanoseconds cpu_at(time_point time) const;
  bool is_proof_outside();
  void take_answer_about_wait(const surroundings& around);
  bool is_proof(const surroundings& around);
  bool is_proof_asleep();
  bool is_proof_running(const surroundings& around);
  bool is_usually_busy() const;
  void look_for_progress(const surroundings& around);
  void end_by_progress(time_point time, const surroundings& around);
  bool has_slept();
  bool may_have_left_the_loop() const;
  void open_stall(const host_pressure& pressure);
  void end_stall(const stall_tracker::time_span& stall, const time_split& split, const surroundings& around);
  void on_end(const stall_tracker::ended& end, const stall_tracker::beat& at, const surroundings& around);
  bool is_next_look_due();
  void ask_for_stack();
  bool is_stack_pending() const { return stack_sampler_ && stack_sampler_->pending(); }
  /// Returns true if something about the place is new.
  bool take_stack();
  void explain(explain_request request);
  void report_progress(const surroundings& around, bool is_new_stack);
  void settle(time_point now);
  /// Returns true when the record is complete.
  bool settle(settling_stall& ended, time_point now);
  void complete(stall_record& record, std::size_t threads, std::size_t free_threads) const;
  stall_record record_of(const settling_stall& ended) const;

  const std::shared_ptr<loop_thread> thread_;
  const options& settings_;
  const std::shared_ptr<wake_signal> wake_;
  const activity_slot& activities_;
  stall_observer& observer_;
  explainer& explainer_;
  thread_sampler sampler_;
  stall_tracker tracker_;
  std::optional<stack_sampler> stack_sampler_;  ///< of a thread of this process
  std::string name_;
  std::optional<thread_sample> sample_;
  /// The CPU time of the previous sample, and when that was.
  time_point previous_time_{};
  std::chrono::nanoseconds previous_cpu_{0};
  std::optional<std::uint64_t> switches_;
  /// The thread has slept since, at an unknown place. Until then it has computed.
  std::optional<time_point> slept_since_;
  time_point last_close_look_{};
  /// Since the suspicion began, it was seen asleep elsewhere than in the loop, for short times or once for longer.
  int short_sleeps_ = 0;
  bool has_slept_ = false;
  std::uint64_t last_ended_turn_ = 0;
  time_point last_judged_{};
  std::optional<std::chrono::nanoseconds> run_queue_at_post_;
  host_pressure pressure_at_suspicion_;
  bool is_leaving_ = false;
  std::optional<stall_builder> open_;
  std::deque<settling_stall> settling_;
  std::shared_ptr<explanation_job> job_;
  time_point stack_requested_{};
  /// The age of the stall at which a thread of another process is looked at again while it runs.
  std::chrono::nanoseconds next_look_{0};
  /// The thread had moved on before its stack was read.
  bool has_moved_ = false;

  /// A sleep in a futex is a handler's or the loop's own: which one, the stack tells.
  struct futex_place {
    std::uint64_t address = 0;
    std::uint64_t stack_pointer = 0;
    bool operator==(const futex_place&) const = default;
  };
  static futex_place place_of(const system::syscall_line& call) { return {call.arguments[0], call.stack_pointer}; }
  std::shared_ptr<explanation_job> wait_question_;
  futex_place asked_about_;
  std::uint64_t asked_in_turn_ = 0;
  time_point asleep_there_since_{};
  std::optional<futex_place> handlers_futex_;
  std::optional<futex_place> loops_futex_;
  /// A turn in which the thread was stopped, or waited in a futex of the loop, says nothing.
  std::uint64_t void_turn_ = 0;
};

}  // namespace loopscope::monitor
