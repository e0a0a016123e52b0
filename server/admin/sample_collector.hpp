#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "sample.hpp"
#include "sources.hpp"

namespace loopscope::admin {

/// Takes the samples of /events; one's windows end where the next one's begin.
///
/// Threads: one. Lifetime: `of` outlives *this.
class sample_collector {
 public:
  explicit sample_collector(const sources& of);

  /// Reads kernel files and opens the outputs: may wait for the disk.
  sample blocking_collect();

 private:
  /// A loop's ended stalls as the sample before saw them.
  struct ended_stalls {
    std::uint64_t counted = 0;
    bool one_is_open = false;
    std::vector<monitor::stall_record> newest;
  };

  static void blocking_take_stalls(sample::loop& into, const monitor::loop_watch& watch, ended_stalls& known);
  std::optional<double> cpu_share(std::chrono::nanoseconds cpu);

  const sources& of_;
  std::vector<monitor::interval_reader> windows_;
  std::vector<ended_stalls> ended_;
  std::chrono::steady_clock::time_point last_at_;
  std::optional<std::chrono::nanoseconds> last_cpu_;
};

}  // namespace loopscope::admin
