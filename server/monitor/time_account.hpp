#pragma once

#include <chrono>
#include <optional>

#include "evidence.hpp"
#include "host_view.hpp"
#include "loop_thread.hpp"
#include "stall_tracker.hpp"

namespace loopscope::monitor {

/// Where the time of one stall goes, while it lasts and at its end.
///
/// The kernel adds a wait in the run queue to its total only when the thread runs again; until then the
/// account adds what a runnable thread did not use. Threads: none of its own; the owner serialises.
class time_account {
 public:
  time_account(stall_tracker::time_point start, const stall_tracker::totals& at_start, const host_totals& host);

  void look(const sighting& seen);

  evidence so_far(stall_tracker::time_point now, const host_totals& host) const;
  /// cpu is the thread's total at the stall's end, run_queue the total read soon after.
  evidence at_end(const stall_tracker::span& stall, std::chrono::nanoseconds cpu,
                  std::optional<std::chrono::nanoseconds> run_queue, const host_totals& host) const;

 private:
  evidence between(std::chrono::nanoseconds wall, std::chrono::nanoseconds cpu,
                   std::optional<std::chrono::nanoseconds> run_queue, const host_totals& host) const;

  stall_tracker::time_point start_;
  stall_tracker::totals at_start_;
  host_totals host_at_start_;
  std::optional<sighting> last_;
  std::chrono::nanoseconds untold_queue_{0};
};

}  // namespace loopscope::monitor
