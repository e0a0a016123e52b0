#include "service_metrics.hpp"

#include <prometheus/text_serializer.h>

#include <iterator>

#include "process_families.hpp"

namespace loopscope::metrics {

service_metrics::service_metrics(build what, std::size_t loops, const std::vector<std::string>& routes,
                                 const runs::run_registry& registry)
    : build_(std::move(what)), registry_(registry) {
  for (std::size_t i = 0; i < loops; ++i) requests_.push_back(std::make_unique<request_counters>(routes));
}

std::vector<prometheus::MetricFamily> service_metrics::Collect() const {
  std::vector<family> all;
  const auto append = [&all](std::vector<family> more) { std::ranges::move(more, std::back_inserter(all)); };

  all.push_back(gauge_family("loopscope_build_info", "What runs here; always 1."));
  add_gauge(all.back(), {{"version", build_.version}, {"compiler", build_.compiler}}, 1);
  append(request_families(requests_));
  append(writes_.families());

  all.push_back(
      gauge_family("loopscope_write_pending_bytes", "Bytes that running writes have accepted and the kernel has not."));
  double pending_bytes = 0;
  for (const auto& run : registry_.active()) pending_bytes += static_cast<double>(run->progress.pending_bytes());
  add_gauge(all.back(), {}, pending_bytes);

  std::vector<loop_families::loop> loops;
  for (const loop_source& each : loops_) loops.push_back({each.name, each.watch.snapshot()});
  {
    const std::lock_guard lock{mutex_};
    append(loop_families_.collect(loops));
  }
  append(blocking_collect_process_families());
  return all;
}

std::string service_metrics::text() const {
  return prometheus::TextSerializer{}.Serialize(Collect());
}

}  // namespace loopscope::metrics
