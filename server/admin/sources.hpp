#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "directory_watch.hpp"
#include "server/metrics/loop_source.hpp"
#include "server/metrics/service_metrics.hpp"
#include "server/runs/run_registry.hpp"

namespace loopscope::admin {

/// What the admin plane shows, for reading only. Filled by the composition.
///
/// Threads: unchanged once the admin plane runs; what it refers to may be read from any thread.
/// Lifetime: outlives the admin plane, as does what it refers to.
struct sources {
  std::vector<metrics::loop_source> loops;
  const runs::run_registry& registry;
  const metrics::service_metrics& metrics;
  const std::atomic<bool>& shutting_down;
  std::chrono::nanoseconds stall_threshold;
  std::filesystem::path data_dir;
  nlohmann::ordered_json info;       ///< version, configuration, back ends and why
  const directory_watch& directory;  ///< of data_dir
};

}  // namespace loopscope::admin
