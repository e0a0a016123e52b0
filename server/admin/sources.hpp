#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "directory_watch.hpp"
#include "server/metrics/service_metrics.hpp"
#include "server/runs/run_registry.hpp"

namespace loopscope::admin {

/// Everything that the admin plane shows, read-only. The composition in server/app fills it.
///
/// Threads: constant while the admin plane runs; the objects referred to may be read from any thread.
/// Lifetime: outlives the admin plane, as do the objects referred to.
struct sources {
  std::vector<metrics::loop_source> loops;
  const runs::run_registry& registry;
  const metrics::service_metrics& metrics;
  const std::atomic<bool>& shutting_down;
  std::chrono::nanoseconds stall_threshold;
  std::filesystem::path data_dir;
  nlohmann::ordered_json info;       ///< the response of /info
  const directory_watch& directory;  ///< watches data_dir
};

}  // namespace loopscope::admin
