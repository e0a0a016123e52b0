// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "request_counters.hpp"
#include "server/runs/run_registry.hpp"
#include "write_counters.hpp"

namespace loopscope::metrics {

/// What the service counts about its requests and writes.
///
/// To add a metric: requests in request_counters, ended writes in write_counters, loops in the monitor's
/// prometheus_exporter; one value that belongs to none of them in families(), or in exporter if every program has it.
/// Add its name to the contract test (tests/integration/service).
///
/// Counting costs relaxed stores: requests in counters of each loop's own, writes in shared ones. Families are made
/// only when they are requested. Series whose labels are known in advance start at 0, so that rate() sees their first
/// increase. Threads: add_loop() before any other thread uses this; families() from any thread.
/// Lifetime: outlives the servers that count here. `registry` outlives the last call of families().
class service_metrics {
 public:
  explicit service_metrics(const runs::run_registry& registry) : registry_(registry) {}

  /// For a loop of the data plane. Returns the counters for its requests, for that loop's thread only.
  ///
  /// `routes`: the paths that it serves, the most frequent first; the same for every loop.
  request_counters& add_loop(std::vector<std::string> routes);

  /// Counts a write that has ended. Threads: any.
  void count_write(const writers::method& method, writers::back_end io, runs::outcome outcome,
                   std::chrono::nanoseconds duration) noexcept {
    writes_.count(method, io, outcome, duration);
  }

  std::vector<family> families() const;

 private:
  const runs::run_registry& registry_;
  std::vector<std::unique_ptr<request_counters>> requests_;
  write_counters writes_;
};

}  // namespace loopscope::metrics
