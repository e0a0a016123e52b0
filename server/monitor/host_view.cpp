#include "host_view.hpp"

#include <time.h>

#include <algorithm>
#include <utility>

#include "writers/system/cgroup.hpp"
#include "writers/system/clock.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t max_levels = 16;
// The watchdog waits for stacks and reads files; less than this is no interruption.
constexpr std::chrono::milliseconds waits_at_work{20};
constexpr std::chrono::milliseconds worth_a_look{1};

nanoseconds own_cpu() {
  return system::read_clock(CLOCK_THREAD_CPUTIME_ID);
}

}  // namespace

host_view::host_view() : own_schedstat_("/proc/thread-self/schedstat") {
  for (const auto& group : system::blocking_find_cgroups("cpu")) {
    system::proc_file file((group / "cpu.stat").string());
    if (cpu_stats_.size() < max_levels && system::parse_throttled(file.read())) cpu_stats_.push_back(std::move(file));
  }
  own_run_delay_ = system::parse_run_delay(own_schedstat_.read()).value_or(nanoseconds{0});
}

host_totals host_view::woke_up(std::chrono::steady_clock::time_point due, std::chrono::steady_clock::time_point now) {
  std::optional<nanoseconds> throttled;
  for (const auto& file : cpu_stats_) {
    const auto level = system::parse_throttled(file.read());
    // A sum, since the highest total need not be the one that grows.
    if (level) throttled = throttled.value_or(nanoseconds{0}) + *level;
  }
  totals_.throttled = throttled;
  totals_.watchdog_late += std::max(nanoseconds{0}, now - due - run_delay_since_last());
  woke_up_at_ = now;
  cpu_at_wake_up_ = own_cpu();
  return totals_;
}

void host_view::falls_asleep(std::chrono::steady_clock::time_point now) {
  const auto not_working = now - woke_up_at_ - (own_cpu() - cpu_at_wake_up_);
  if (not_working < worth_a_look) return;
  const auto lost = not_working - run_delay_since_last();
  if (lost > waits_at_work) totals_.watchdog_late += lost;
}

nanoseconds host_view::run_delay_since_last() {
  const auto total = system::parse_run_delay(own_schedstat_.read()).value_or(own_run_delay_);
  return total - std::exchange(own_run_delay_, total);
}

}  // namespace loopscope::monitor
