#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "buffer_trace.hpp"
#include "dirty_pages.hpp"
#include "json_values.hpp"
#include "server/monitor/snapshot.hpp"
#include "server/monitor/stall_record.hpp"
#include "server/runs/run_registry.hpp"

namespace loopscope::admin {

/// What /events tells of one moment. A value, but for the runs, whose progress is read when it becomes JSON.
struct sample {
  struct loop {
    std::string name;
    bool running = false;
    std::chrono::nanoseconds stalled_for{0};
    std::uint64_t stalls = 0;  ///< since the start, the one in progress included
    std::optional<monitor::window_figures> window;
    std::optional<monitor::stall_record> stall;  ///< the one in progress
    std::vector<monitor::stall_record> ended;    ///< the last ones, the newest first
  };

  std::chrono::system_clock::time_point at{};
  std::chrono::steady_clock::time_point steady_at{};  ///< the same moment, which nobody sets
  std::vector<loop> loops;
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> threads;
  /// CPU time of all threads since the sample before over the time between: 1 is one CPU. Absent in the first
  /// sample.
  std::optional<double> cpu_share;
  machine_dirty_pages machine;
  std::optional<system::page_cache_figures> outputs;
  std::vector<std::shared_ptr<const runs::active_run>> running;
  std::optional<buffer_trace> buffer;  ///< of the first stream under way
};

json sample_json(const sample& what);

}  // namespace loopscope::admin
