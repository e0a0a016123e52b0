// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "loop_stats.hpp"
#include "report_policy.hpp"
#include "reporter.hpp"
#include "server/monitor/activity.hpp"
#include "server/monitor/detect/heartbeat.hpp"
#include "server/monitor/detect/host_pressure.hpp"
#include "server/monitor/detect/probe_schedule.hpp"
#include "server/monitor/detect/thread_roster.hpp"
#include "server/monitor/loop_watch.hpp"
#include "server/monitor/options.hpp"
#include "thread_watch.hpp"

namespace loopscope::monitor {

/// One watched loop: posts its probes, watches its threads, keeps its figures and reports its stalls.
///
/// A strand is a part of a whole loop. It has no threads of its own: it is stalled while its probe waits, and what
/// blocks it is what blocks a thread of the whole loop at that time. Threads: check() on the watchdog; detach() on any
/// other thread; heartbeat, roster, stats and activities as each documents. Lifetime: a probe that the loop has not run
/// may keep it alive after its monitor. So it must not own the threads of the library: its last reference may be
/// released on one of them, which cannot join itself.
class watched_loop final : public std::enable_shared_from_this<watched_loop>, public stall_observer {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Throws std::invalid_argument when a setting makes no sense.
  watched_loop(loop_hooks hooks, options settings, std::shared_ptr<activity_slot> activities,
               const std::shared_ptr<wake_signal>& wake, explainer& explainer, reporter& reporter,
               std::shared_ptr<watched_loop> whole = {});

  /// Samples the loop's threads and acts on it. Returns when the next check is due.
  time_point check(const host_pressure& pressure, scheduler_clock& clock);
  /// In the child of a fork(): of the threads there is only the calling one.
  void on_fork_in_child();
  /// After it returns, no check and no callback is in progress and none will start. Do not call it from a callback.
  void detach();

  /// The calling thread runs the loop.
  thread_slot& join_this_thread();
  /// A thread of another process runs the loop, which has no hooks then: no probes, and no lag figures.
  void add_thread(std::shared_ptr<loop_thread> found);
  /// Threads that ended are still in the loop until the records of their stalls are complete.
  std::size_t threads() const { return roster_.size(); }
  /// Waits until the reports that were added have been made.
  void blocking_finish();
  /// What a probe does on the loop.
  void on_probe(probe::purpose why) noexcept;
  /// Calls the callback that this record is for; on the reporter.
  void notify(stall_record record, report_kind kind) const;
  /// The stalls in progress and the recent ones, with their sentences.
  std::vector<stall_record> recent_stalls() const;

  monitor::heartbeat& heartbeat() noexcept { return heartbeat_; }
  loop_stats& stats() noexcept { return stats_; }
  const std::shared_ptr<activity_slot>& activities() const noexcept { return activities_; }
  monitor::snapshot snapshot() const;
  std::chrono::nanoseconds stalled_for(time_point now) const noexcept;
  /// The same, but after a stall how long it was, until the next probe.
  std::chrono::nanoseconds last_stalled_for(time_point now) const noexcept;

 private:
  std::uint64_t next_stall_id() override { return ++last_stall_id_; }
  delayed_requests delayed() const override { return heartbeat_.delayed(); }
  void on_stall_began(std::uint64_t stall) override;
  void on_stall_changed(stall_record record, std::uint64_t fingerprint, bool is_new_stack) override;
  void on_stall_ended(stall_record record, time_point end) override;
  void on_ended_stall_changed(const stall_record& record) override;
  void on_no_stall(std::uint64_t stall) override { stats_.drop_open_stall(stall); }
  void on_stall_complete(stall_record record, std::uint64_t fingerprint) override;

  time_point check_part();
  void update_part_stall(time_point now, bool ended);
  void update_threads(const host_pressure& pressure, scheduler_clock& clock);
  void find_threads(time_point now);
  void introduce_threads();
  bool all_threads_are_prepared() const;
  bool waits_for_work(const system::syscall_line& call);
  std::optional<bool> owns_event_queue(int descriptor) noexcept;
  void take_beat(thread_watch::surroundings& around);
  void report_queue(const heartbeat::probe_beat& beat, time_point since, const thread_watch::surroundings& around);
  thread_watch::surroundings surroundings(const host_pressure& pressure);
  std::optional<time_point> blocked_since() const;
  void post_probe();
  void post_another_probe(time_point now);
  bool has_run_probe_since(time_point when) const;
  /// Returns false when the hook failed.
  bool post(const std::function<void(probe)>& hook, probe handler) noexcept;
  bool is_stopped() noexcept;
  bool should_report(stall_record& record, std::uint64_t fingerprint, time_point now);
  void add_sentence(stall_record& record) const;
  void warn(const std::string& text) const;
  void warn_once_of_uncounted_threads();

  const options settings_;
  const loop_hooks hooks_;
  const std::shared_ptr<activity_slot> activities_;
  const std::shared_ptr<wake_signal> wake_;
  monitor::heartbeat heartbeat_;
  thread_roster roster_;
  loop_stats stats_;
  explainer& explainer_;
  reporter& reporter_;

  // The members below are used by the watchdog thread only. The mutex exists so that detach() can wait for a check in
  // progress.
  std::mutex check_mutex_;
  bool detached_ = false;
  event_queue events_;
  probe_schedule schedule_;
  report_policy policy_;
  std::vector<std::unique_ptr<thread_watch>> threads_;
  time_point next_search_{};
  std::chrono::milliseconds time_between_searches_;
  std::atomic<time_point> post_again_until_{time_point{}};  // introductions
  std::uint64_t last_stall_id_ = 0;
  handler_times handlers_at_post_;
  /// A thread was in a stall since the outstanding probe was posted.
  bool stalled_since_post_ = false;
  bool has_warned_ = false;
  /// When a probe was posted beside the outstanding one, which a thread may hold that does not get a CPU.
  std::optional<time_point> another_posted_;
  const std::shared_ptr<watched_loop> whole_;
  std::optional<stall_record> part_stall_;

  std::atomic<bool> running_{false};
  std::atomic<std::size_t> thread_count_{0};
  std::atomic<std::size_t> blocked_threads_{0};
  std::atomic<std::uint64_t> reports_{0};
  std::atomic<std::uint64_t> suppressed_{0};
  mutable std::atomic<std::uint64_t> callback_errors_{0};
};

}  // namespace loopscope::monitor
