#include "process_families.hpp"

#include "writers/system/process.hpp"

namespace loopscope::metrics {

std::vector<family> blocking_collect_process_families() {
  std::vector<family> out;
  const auto gauge = [&out](const char* name, const char* help, auto value) {
    if (!value) return;
    out.push_back(gauge_family(name, help));
    add_gauge(out.back(), {}, static_cast<double>(*value));
  };
  const system::process_figures process = system::blocking_read_process();
  out.push_back(counter_family("process_cpu_seconds_total", "User and system CPU time used, in seconds."));
  add_counter(out.back(), {}, seconds(process.cpu));
  gauge("process_resident_memory_bytes", "Resident memory, in bytes.", process.resident_bytes);
  gauge("process_virtual_memory_bytes", "Virtual memory, in bytes.", process.virtual_bytes);
  gauge("process_open_fds", "Open file descriptors.", system::blocking_count_descriptors());
  gauge("process_max_fds", "Limit of open file descriptors.", system::blocking_read_max_descriptors());
  gauge("process_threads", "Threads.", process.threads);
  gauge("process_start_time_seconds", "When the process started, in seconds since 1970.",
        system::blocking_read_start_time_s(process));
  return out;
}

}  // namespace loopscope::metrics
