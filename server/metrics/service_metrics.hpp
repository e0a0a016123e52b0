#pragma once

#include <prometheus/collectable.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "loop_families.hpp"
#include "loop_source.hpp"
#include "request_counters.hpp"
#include "server/runs/run_registry.hpp"
#include "write_counters.hpp"

namespace loopscope::metrics {

/// Everything that this service counts about itself; a Prometheus collector of it.
///
/// Counting costs relaxed stores: requests in slots of each loop's own, writes in shared ones. Families are
/// built when they are asked for. Series whose labels are known start at 0, so that a rate sees their first
/// rise. Threads: watch() before anything else; Collect() and text() from any. Lifetime: outlives the servers
/// that count here; `registry` and the watched loops' monitors outlive the last Collect().
class service_metrics final : public prometheus::Collectable {
 public:
  struct build {
    std::string version;
    std::string compiler;
  };

  /// `routes`: the paths of the data plane, the most frequent first.
  service_metrics(build what, std::size_t loops, const std::vector<std::string>& routes,
                  const runs::run_registry& registry);

  void watch(std::vector<loop_source> loops) { loops_ = std::move(loops); }

  /// Where loop `index` counts; to be told of every request from that loop's thread only.
  request_counters& requests(std::size_t index) noexcept { return *requests_[index]; }

  /// A write has ended. Threads: any.
  void note_write(const writers::method& method, writers::back_end io, runs::outcome how,
                  std::chrono::nanoseconds took) noexcept {
    writes_.count(method, io, how, took);
  }

  /// Reads a few kernel files of this process; waits for no loop.
  std::vector<prometheus::MetricFamily> Collect() const override;
  /// The exposition format.
  std::string text() const;
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  std::vector<loop_source> loops_;
  build build_;
  const runs::run_registry& registry_;
  std::vector<std::unique_ptr<request_counters>> requests_;
  write_counters writes_;
  mutable std::mutex mutex_;
  mutable loop_families loop_families_;
};

}  // namespace loopscope::metrics
