// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "directory_watch.hpp"
#include "server/http/types.hpp"
#include "server/metrics/exporter.hpp"
#include "server/metrics/loop_source.hpp"
#include "server/metrics/service_metrics.hpp"
#include "server/runs/run_registry.hpp"
#include "writers/system/process.hpp"

namespace loopscope::admin {

/// Everything that the admin plane shows, read-only. The composition in server/app fills it.
///
/// Threads: constant while the admin plane runs; the objects referred to may be read from any thread.
/// Lifetime: outlives the admin plane, as do the objects referred to.
struct sources {
  /// What only a service has. `directory` watches `data_dir`.
  struct data_plane {
    const runs::run_registry& registry;
    const metrics::service_metrics& metrics;
    std::filesystem::path data_dir;
    const directory_watch& directory;
    /// Where the data plane listens, if the page's requests to it are passed on.
    std::optional<http::tcp::endpoint> relay_to = std::nullopt;
    bool relay_cross_site = false;  ///< also for pages of other sites
  };

  metrics::loop_list loops;
  std::optional<data_plane> data;
  const std::atomic<bool>& shutting_down;
  std::chrono::nanoseconds stall_threshold;
  std::shared_ptr<metrics::exporter> exporter;  ///< makes the text of /metrics
  nlohmann::ordered_json info;                  ///< the response of /info
  pid_t process = system::this_process;         ///< whose memory, threads and CPU time are shown
};

}  // namespace loopscope::admin
