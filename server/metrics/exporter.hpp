// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "loop_source.hpp"
#include "server/monitor/prometheus.hpp"
#include "service_metrics.hpp"

namespace loopscope::metrics {

/// Which binary this is.
struct build {
  std::string version;
  std::string compiler;
};

/// The text of /metrics. Threads: any. Lifetime: keep one for the life of the process.
class exporter {
 public:
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  explicit exporter(build info) : build_(std::move(info)) {}

  /// All metrics in the Prometheus text format. `process`: whose figures the metrics process_* are. `service`: nullptr
  /// without a data plane.
  ///
  /// Reads small kernel files and lists the open descriptors, which takes milliseconds if there are thousands.
  /// Waits for no watched loop.
  std::string blocking_text(const std::vector<loop_source>& loops, pid_t process, const service_metrics* service);

 private:
  build build_;
  std::mutex mutex_;
  monitor::prometheus_exporter loop_exporter_;  // guarded by mutex_
};

}  // namespace loopscope::metrics
