#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "loop_source.hpp"
#include "request_counters.hpp"
#include "server/monitor/prometheus.hpp"
#include "server/runs/run_registry.hpp"
#include "write_counters.hpp"

namespace loopscope::metrics {

/// Everything that the service counts about itself, as the text of /metrics.
///
/// To add a metric: requests in request_counters, ended writes in write_counters, loops in the monitor's
/// prometheus_exporter; one value that belongs to none of them in blocking_text(). Add its name to the contract test
/// (tests/integration/service).
///
/// Counting costs relaxed stores: requests in counters of each loop's own, writes in shared ones. Text is made only
/// when it is requested. Series whose labels are known in advance start at 0, so that rate() sees their first increase.
/// Threads: add_loop() before any other thread uses this; blocking_text() from any thread.
/// Lifetime: outlives the servers that count here. `registry` and the monitors outlive the last blocking_text().
class service_metrics {
 public:
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  struct build {
    std::string version;
    std::string compiler;
  };

  service_metrics(build info, const runs::run_registry& registry) : build_(std::move(info)), registry_(registry) {}

  /// Adds a loop of the data plane. Returns the counters for its requests, for that loop's thread only.
  ///
  /// `routes`: the paths that it serves, the most frequent first; the same for every loop.
  request_counters& add_loop(loop_source loop, std::vector<std::string> routes);

  /// Counts a write that has ended. Threads: any.
  void count_write(const writers::method& method, writers::back_end io, runs::outcome outcome,
                   std::chrono::nanoseconds duration) noexcept {
    writes_.count(method, io, outcome, duration);
  }

  /// All metrics in the Prometheus text format.
  ///
  /// Reads small kernel files and lists the open descriptors, which takes milliseconds if there are thousands.
  /// Waits for no watched loop.
  std::string blocking_text() const;

 private:
  std::vector<loop_source> loops_;
  build build_;
  const runs::run_registry& registry_;
  std::vector<std::unique_ptr<request_counters>> requests_;
  write_counters writes_;
  mutable std::mutex mutex_;
  mutable monitor::prometheus_exporter loop_exporter_;  // guarded by mutex_
};

}  // namespace loopscope::metrics
