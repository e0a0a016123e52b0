// SPDX-License-Identifier: MIT

#include "exporter.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>

#include "writers/system/process.hpp"

namespace loopscope::metrics {
namespace {

/// The process_* metrics, under the names that every Prometheus client uses. A value that the kernel does not report is
/// left out.
std::vector<family> blocking_process_families(pid_t process) {
  std::vector<family> families;
  const auto gauge = [&families](const char* name, const char* help, auto value) {
    if (!value) return;
    families.push_back(gauge_family(name, help));
    add_gauge(families.back(), {}, static_cast<double>(*value));
  };
  const system::process_figures figures = system::blocking_read_process(process);
  if (figures.cpu) {
    families.push_back(counter_family("process_cpu_seconds_total", "User and system CPU time used, in seconds."));
    add_counter(families.back(), {}, seconds(*figures.cpu));
  }
  gauge("process_resident_memory_bytes", "Resident memory, in bytes.", figures.resident_bytes);
  gauge("process_virtual_memory_bytes", "Virtual memory, in bytes.", figures.virtual_bytes);
  gauge("process_open_fds", "Open file descriptors.", system::blocking_count_descriptors(process));
  gauge("process_max_fds", "Limit of open file descriptors.", system::max_descriptors(process));
  gauge("process_threads", "Threads.", figures.threads);
  gauge("process_start_time_seconds", "When the process started, in seconds since 1970.",
        system::blocking_read_start_time_s(figures));
  return families;
}

}  // namespace

std::string exporter::blocking_text(const std::vector<loop_source>& loops, pid_t process,
                                    const service_metrics* service) {
  std::vector<family> all;
  const auto append = [&all](std::vector<family> more) { std::ranges::move(more, std::back_inserter(all)); };

  all.push_back(gauge_family("loopscope_build_info", "Version and compiler of this binary; always 1."));
  add_gauge(all.back(), {{"version", build_.version}, {"compiler", build_.compiler}}, 1);
  if (service) append(service->families());
  append(blocking_process_families(process));

  std::vector<monitor::named_snapshot> figures;
  for (const loop_source& each : loops) figures.push_back({each.name, each.watch->snapshot()});
  const std::lock_guard lock{mutex_};
  return prometheus::TextSerializer{}.Serialize(all) + loop_exporter_.text(figures);
}

}  // namespace loopscope::metrics
