// SPDX-License-Identifier: MIT

#include "host_pressure.hpp"

#include <time.h>

#include <algorithm>
#include <utility>

#include "writers/system/cgroup.hpp"
#include "writers/system/clock.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t max_cgroups = 16;
// The watchdog itself waits for stacks and reads files. A shorter pause than this is not an interruption.
constexpr std::chrono::milliseconds max_own_wait{20};
// A shorter pause is not worth another read of schedstat.
constexpr std::chrono::milliseconds min_pause{1};

nanoseconds own_cpu() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return system::to_nanoseconds(t);
}

}  // namespace

host_pressure_meter::host_pressure_meter() : own_schedstat_("/proc/thread-self/schedstat") {
  for (const auto& group : system::blocking_find_cgroups("cpu")) {
    system::proc_file file((group / "cpu.stat").string());
    if (cpu_stats_.size() < max_cgroups && system::parse_throttled(file.read())) cpu_stats_.push_back(std::move(file));
  }
  own_run_delay_ = system::parse_schedstat(own_schedstat_.read()).value_or(system::schedstat{}).run_delay;
}

host_pressure host_pressure_meter::on_wake(std::chrono::steady_clock::time_point due,
                                           std::chrono::steady_clock::time_point now) {
  std::optional<nanoseconds> throttled;
  for (const auto& file : cpu_stats_) {
    const auto of_cgroup = system::parse_throttled(file.read());
    // The sum is used, since the cgroup with the largest total may not be the one whose total grows.
    if (of_cgroup) throttled = throttled.value_or(nanoseconds{0}) + *of_cgroup;
  }
  total_.throttled = throttled;
  total_.watchdog_late += std::max(nanoseconds{0}, now - due - run_delay_since_last());
  woken_at_ = now;
  cpu_at_wake_ = own_cpu();
  return total_;
}

void host_pressure_meter::on_sleep(std::chrono::steady_clock::time_point now) {
  const auto paused = now - woken_at_ - (own_cpu() - cpu_at_wake_);
  if (paused < min_pause) return;
  const auto lost = paused - run_delay_since_last();
  if (lost > max_own_wait) total_.watchdog_late += lost;
}

nanoseconds host_pressure_meter::run_delay_since_last() {
  const auto total =
      system::parse_schedstat(own_schedstat_.read()).value_or(system::schedstat{own_run_delay_}).run_delay;
  return total - std::exchange(own_run_delay_, total);
}

}  // namespace loopscope::monitor
