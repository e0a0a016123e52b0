#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "activity.hpp"
#include "host_view.hpp"
#include "loop_book.hpp"
#include "loop_pulse.hpp"
#include "loop_thread.hpp"
#include "loop_watch.hpp"
#include "options.hpp"
#include "report_policy.hpp"
#include "stack_catcher.hpp"
#include "stall_case.hpp"
#include "stall_tracker.hpp"
#include "symboliser.hpp"
#include "wake_signal.hpp"

namespace loopscope::monitor {

/// One watched loop: carries out what stall_tracker and report_policy decide.
///
/// Threads: look() on the watchdog; detach() from any other; pulse, book and activities as each says.
class loop_core : public std::enable_shared_from_this<loop_core> {
 public:
  using time_point = stall_tracker::time_point;

  loop_core(loop_hooks hooks, options settings, std::shared_ptr<activity_slot> activities,
            std::shared_ptr<wake_signal> wake);

  time_point look(const host_totals& host, scheduler_clock& clock);
  /// No look is under way and none will come once it returns. Not to be called from a callback.
  void detach();

  void answer_probe() noexcept;

  const options& settings() const noexcept { return settings_; }
  loop_pulse& pulse() noexcept { return pulse_; }
  loop_book& book() noexcept { return book_; }
  const std::shared_ptr<activity_slot>& activities() const noexcept { return activities_; }
  /// Fills what neither the book nor the pulse knows.
  void add_counters(snapshot& out) const noexcept;
  std::chrono::nanoseconds stalled_for(time_point now) const noexcept;

 private:
  /// A stall that has ended, until those whom it delayed are counted.
  struct settling {
    stall_case ended;
    evidence seen;
    time_point until;
    std::uint64_t repeats;
  };

  void learn_thread();
  void take_answer(const std::optional<sighting>& seen, const host_totals& host);
  void loop_gone(time_point now, const host_totals& host);
  void open_case();
  void take_stack();
  /// False when the thread has not answered yet.
  bool collect_stack(std::chrono::nanoseconds timeout);
  void update_open(const sighting& seen, bool sampled, const host_totals& host);
  void end_case(const stall_tracker::span& stall, const evidence& seen);
  stall_record describe_ended() const;
  void settle(time_point now);
  void post_probe();
  std::string advice_for(const stall_record& record) const;
  bool decide(stall_record& record, std::uint64_t fingerprint, time_point now);
  void tell(const stall_record& record) const;

  const options settings_;
  const loop_hooks hooks_;
  const std::shared_ptr<activity_slot> activities_;
  const std::shared_ptr<wake_signal> wake_;
  loop_pulse pulse_;
  loop_book book_;

  // The rest is the watchdog's, under this lock only to know when it has let go.
  std::mutex look_mutex_;
  bool detached_ = false;
  stall_tracker tracker_;
  report_policy policy_;
  stack_catcher catcher_;
  symboliser symboliser_;
  std::optional<loop_thread> thread_;
  std::optional<stall_case> case_;
  std::optional<settling> settling_;
  host_totals host_at_post_;
  std::string advice_;
  std::uint64_t repeats_ = 0;
  std::uint64_t stall_ids_ = 0;

  std::atomic<bool> running_{false};
  std::atomic<std::uint64_t> reports_{0};
  std::atomic<std::uint64_t> suppressed_{0};
  mutable std::atomic<std::uint64_t> callback_errors_{0};
};

}  // namespace loopscope::monitor
