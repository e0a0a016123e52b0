#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "loop_stats.hpp"
#include "report_policy.hpp"
#include "server/monitor/activity.hpp"
#include "server/monitor/detect/heartbeat.hpp"
#include "server/monitor/detect/host_pressure.hpp"
#include "server/monitor/detect/stall_tracker.hpp"
#include "server/monitor/detect/thread_sampler.hpp"
#include "server/monitor/explain/stack_sampler.hpp"
#include "server/monitor/explain/stall_builder.hpp"
#include "server/monitor/explain/symbolizer.hpp"
#include "server/monitor/loop_watch.hpp"
#include "server/monitor/options.hpp"

namespace loopscope::monitor {

/// One watched loop: carries out what stall_tracker and report_policy decide.
///
/// Threads: check() on the watchdog; detach() on any other thread; heartbeat, stats and activities as each documents.
class watched_loop : public std::enable_shared_from_this<watched_loop> {
 public:
  using time_point = stall_tracker::time_point;

  watched_loop(loop_hooks hooks, options settings, std::shared_ptr<activity_slot> activities,
               std::shared_ptr<wake_signal> wake);

  /// Samples the loop's thread and acts on it. Returns when the next check is due.
  time_point check(const host_pressure& pressure, scheduler_clock& clock);
  /// After it returns, no check is in progress and none will start. Do not call it from a callback.
  void detach();

  monitor::heartbeat& heartbeat() noexcept { return heartbeat_; }
  loop_stats& stats() noexcept { return stats_; }
  const std::shared_ptr<activity_slot>& activities() const noexcept { return activities_; }
  /// Sets the members of a snapshot that neither stats nor heartbeat know.
  void add_counters(snapshot& out) const noexcept;
  std::chrono::nanoseconds stalled_for(time_point now) const noexcept;
  /// The same, but after a stall how long it was, until the next probe.
  std::chrono::nanoseconds last_stalled_for(time_point now) const noexcept;

 private:
  /// A stall that has ended, until the requests that it delayed have been counted.
  struct settling_stall {
    stall_builder builder;
    time_split split;
    time_point until;
    std::uint64_t repeats;
  };

  void identify_thread();
  void take_beat(const std::optional<thread_sample>& sample, const host_pressure& pressure);
  void on_loop_gone(time_point now, const host_pressure& pressure);
  void open_stall();
  void take_stack();
  /// Returns false if the thread has not stored its stack yet.
  bool collect_stack(std::chrono::nanoseconds timeout);
  void update_open_stall(const thread_sample& sample, bool has_new_stack, const host_pressure& pressure);
  void end_stall(const stall_tracker::time_span& stall, const time_split& split);
  stall_record build_ended_record() const;
  void settle(time_point now);
  void post_probe();
  std::string advice_for(const stall_record& record) const;
  bool should_report(stall_record& record, std::uint64_t fingerprint, time_point now);
  void notify(const stall_record& record) const;

  const options settings_;
  const loop_hooks hooks_;
  const std::shared_ptr<activity_slot> activities_;
  monitor::heartbeat heartbeat_;
  loop_stats stats_;

  // The members below are used by the watchdog thread only. The mutex exists so that detach() can wait for a check in
  // progress.
  std::mutex check_mutex_;
  bool detached_ = false;
  stall_tracker tracker_;
  report_policy policy_;
  stack_sampler stack_sampler_;
  symbolizer symbolizer_;
  std::optional<thread_sampler> thread_;
  std::optional<stall_builder> open_stall_;
  std::optional<settling_stall> settling_;
  host_pressure pressure_at_post_;
  std::string advice_;
  std::uint64_t repeats_ = 0;
  std::uint64_t last_stall_id_ = 0;

  std::atomic<bool> running_{false};
  std::atomic<std::uint64_t> reports_{0};
  std::atomic<std::uint64_t> suppressed_{0};
  mutable std::atomic<std::uint64_t> callback_errors_{0};
};

}  // namespace loopscope::monitor
