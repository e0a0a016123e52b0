#include "service_metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>

#include "writers/system/process.hpp"

namespace loopscope::metrics {
namespace {

/// The process_* metrics, under the names that every Prometheus client uses. A value that the kernel does not report is
/// left out.
std::vector<family> blocking_process_families() {
  std::vector<family> families;
  const auto gauge = [&families](const char* name, const char* help, auto value) {
    if (!value) return;
    families.push_back(gauge_family(name, help));
    add_gauge(families.back(), {}, static_cast<double>(*value));
  };
  const system::process_figures process = system::blocking_read_process();
  families.push_back(counter_family("process_cpu_seconds_total", "User and system CPU time used, in seconds."));
  add_counter(families.back(), {}, seconds(process.cpu));
  gauge("process_resident_memory_bytes", "Resident memory, in bytes.", process.resident_bytes);
  gauge("process_virtual_memory_bytes", "Virtual memory, in bytes.", process.virtual_bytes);
  gauge("process_open_fds", "Open file descriptors.", system::blocking_count_descriptors());
  gauge("process_max_fds", "Limit of open file descriptors.", system::max_descriptors());
  gauge("process_threads", "Threads.", process.threads);
  gauge("process_start_time_seconds", "When the process started, in seconds since 1970.",
        system::blocking_read_start_time_s(process));
  return families;
}

}  // namespace

request_counters& service_metrics::add_loop(loop_source loop, std::vector<std::string> routes) {
  loops_.push_back(std::move(loop));
  return *requests_.emplace_back(std::make_unique<request_counters>(std::move(routes)));
}

std::string service_metrics::blocking_text() const {
  std::vector<family> all;
  const auto append = [&all](std::vector<family> more) { std::ranges::move(more, std::back_inserter(all)); };

  all.push_back(gauge_family("loopscope_build_info", "Version and compiler of this binary; always 1."));
  add_gauge(all.back(), {{"version", build_.version}, {"compiler", build_.compiler}}, 1);
  append(request_families(requests_));
  append(writes_.families());

  all.push_back(
      gauge_family("loopscope_write_pending_bytes", "Bytes that running writes have accepted and the kernel has not."));
  double pending_bytes = 0;
  for (const auto& run : registry_.active()) pending_bytes += static_cast<double>(run->progress.pending_bytes());
  add_gauge(all.back(), {}, pending_bytes);

  append(blocking_process_families());

  std::vector<monitor::named_snapshot> loops;
  for (const loop_source& each : loops_) loops.push_back({each.name, each.watch.snapshot()});
  const std::lock_guard lock{mutex_};
  return prometheus::TextSerializer{}.Serialize(all) + loop_exporter_.text(loops);
}

}  // namespace loopscope::metrics
