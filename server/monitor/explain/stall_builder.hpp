// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "blame.hpp"
#include "explainer.hpp"
#include "server/monitor/activity.hpp"
#include "server/monitor/stall_record.hpp"
#include "time_breakdown.hpp"

namespace loopscope::monitor {

/// Both clocks, read together.
struct clock_reading {
  std::chrono::steady_clock::time_point steady{};
  std::chrono::system_clock::time_point system{};

  static clock_reading now() { return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()}; }
  std::chrono::system_clock::time_point to_system(std::chrono::steady_clock::time_point time) const {
    return system - std::chrono::duration_cast<std::chrono::system_clock::duration>(steady - time);
  }
};

/// Collects what is known about one stall and builds its record.
///
/// Threads: none of its own; the owner serializes calls.
class stall_builder {
 public:
  /// `found` is when the stall was found. The system time of the start is computed from it once, so that a clock that
  /// is set later does not move the stall.
  stall_builder(std::uint64_t id, stall_tracker::time_point start, const clock_reading& found, time_breakdown times,
                std::string no_stack_reason, library_prefixes declared = {});

  /// Adds one sample of the loop's thread, taken while the stall lasts.
  void add_sample(const thread_sample& sample, const watched_thread& thread, const activity_slot& activities);
  /// Returns false when it has no stack.
  bool add_explanation(explanation found);
  /// Used while there is no stack.
  void set_no_stack_reason(std::string reason) { no_stack_reason_ = std::move(reason); }

  /// Returns the record without loop, repeats, suppressed, delayed and sentence.
  stall_record build(const time_split& split, bool in_progress) const;

  stall_tracker::time_point start() const noexcept { return start_; }
  const time_breakdown& times() const noexcept { return times_; }
  /// No frame of the last stack belongs to a loop.
  bool is_outside_loop() const noexcept { return is_outside_loop_; }
  /// Equal for stalls with the same stack, or, without a stack, in the same call.
  std::uint64_t fingerprint() const;

 private:
  struct counted_call {
    long number = 0;
    blocked_call call;
    std::uint64_t samples = 0;
  };

  void add_stack(std::vector<stack_frame> stack);
  void count_call(const thread_sample& sample, const watched_thread& thread);
  void observe_activity(const activity_slot& activities);
  const counted_call* most_frequent_call() const;
  std::optional<blocked_call> usual_call_on_cpu() const;
  handler_count handlers() const;

  std::uint64_t id_;
  stall_tracker::time_point start_;
  std::chrono::system_clock::time_point started_;
  time_breakdown times_;
  library_prefixes declared_;
  std::vector<counted_call> calls_;
  std::vector<counted_call> calls_on_cpu_;
  std::uint64_t stacks_ = 0;

  std::vector<stack_frame> stack_;
  std::uint64_t blamed_samples_ = 0;  ///< in how many stacks the first one's culprit was
  std::vector<stack_frame> other_blamed_frames_;
  std::vector<std::uint64_t> other_samples_;  ///< the same for each of the others
  std::string no_stack_reason_;
  std::optional<monitor::operation> operation_;
  std::optional<lock_kind> lock_;
  std::optional<lock_holder> holder_;
  std::vector<stack_frame> awaited_by_;
  std::optional<stack_frame> handler_;
  bool handler_changed_ = false;
  bool is_outside_loop_ = false;

  std::optional<request_info> request_;
  std::uint64_t last_handlers_run_ = 0;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t activity_samples_ = 0;
  std::uint64_t activity_changes_ = 0;
};

}  // namespace loopscope::monitor
