#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "activity.hpp"
#include "stall_record.hpp"
#include "time_account.hpp"

namespace loopscope::monitor {

/// Both clocks, read together.
struct clock_reading {
  std::chrono::steady_clock::time_point steady{};
  std::chrono::system_clock::time_point system{};

  static clock_reading now() { return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()}; }
  std::chrono::system_clock::time_point to_system(std::chrono::steady_clock::time_point at) const {
    return system - std::chrono::duration_cast<std::chrono::system_clock::duration>(steady - at);
  }
};

/// Gathers what is found out about one stall and puts it into its record.
///
/// Threads: none of its own; the owner serialises.
class stall_case {
 public:
  /// `found` is when the stall was found. The system time of its start is taken from it once: a clock that is set
  /// later does not move the stall.
  stall_case(std::uint64_t id, stall_tracker::time_point start, const clock_reading& found, time_account account,
             std::string no_stack_yet);

  /// One look while the stall lasts.
  void look(const sighting& seen, const loop_thread& thread, const activity_slot& slot);
  void add_stack(std::vector<stack_frame> stack);
  void no_stack(std::string reason) { no_stack_reason_ = std::move(reason); }

  /// Writes everything but name, repeats, suppressed, delayed requests and sentence.
  void describe(stall_record& out, const evidence& seen, bool in_progress) const;

  stall_tracker::time_point start() const noexcept { return start_; }
  const time_account& account() const noexcept { return account_; }
  /// Equal for stalls with the same stack, or without one, in the same call.
  std::uint64_t fingerprint() const;

 private:
  struct seen_call {
    long number = 0;
    blocked_call what;
    std::uint64_t looks = 0;
  };

  void see_call(const sighting& seen, const loop_thread& thread);
  void see_activity(const activity_slot& slot);
  const seen_call* usual_call() const;
  culprits handlers() const;

  std::uint64_t id_;
  stall_tracker::time_point start_;
  std::chrono::system_clock::time_point started_;
  time_account account_;
  std::vector<seen_call> calls_;

  std::vector<stack_frame> stack_;
  std::vector<stack_frame> other_culprits_;
  std::string no_stack_reason_;
  std::optional<stack_frame> handler_;
  bool handler_changed_ = false;

  std::optional<request_info> request_;
  std::uint64_t last_turns_ = 0;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t activity_looks_ = 0;
  std::uint64_t activity_changes_ = 0;
};

}  // namespace loopscope::monitor
