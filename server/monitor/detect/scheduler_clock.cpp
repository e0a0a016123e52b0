// SPDX-License-Identifier: MIT

#include "scheduler_clock.hpp"

#include <sched.h>
#include <time.h>

#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {
namespace {

using steady = std::chrono::steady_clock;

// An offset grows by what the hypervisor takes: by 6 ms a second where it takes 0.6 % of a CPU.
constexpr std::chrono::milliseconds max_offset_age{100};
constexpr std::chrono::microseconds max_measurement_time{500};
constexpr int max_attempts = 3;

}  // namespace

scheduler_clock::scheduler_clock() : own_sched_("/proc/thread-self/sched") {}

void scheduler_clock::measure_this_cpu() {
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    const int cpu = ::sched_getcpu();
    const auto before = steady::now();
    if (const auto present = offsets_.find(cpu);
        present != offsets_.end() && before - present->second.measured < max_offset_age) {
      return;
    }
    // The kernel updates exec_start of a running thread when its CPU time is read.
    timespec unused{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &unused);
    const auto own = system::parse_exec_start(own_sched_.read());
    if (!own) return;
    // Otherwise this thread was interrupted or moved in between, and the two times do not belong together.
    if (steady::now() - before < max_measurement_time && ::sched_getcpu() == cpu) {
      offsets_[cpu] = {before.time_since_epoch() - *own, before};
      return;
    }
  }
}

std::optional<scheduler_clock::time_point> scheduler_clock::to_steady(std::chrono::nanoseconds scheduler_time, int cpu,
                                                                      bool may_move) {
  auto found = known(cpu);
  if (!found && may_move) {
    measure_cpu(cpu);
    found = known(cpu);
  }
  if (!found) return std::nullopt;
  return time_point{scheduler_time + found->value};
}

std::optional<scheduler_clock::offset> scheduler_clock::known(int cpu) const {
  const auto found = offsets_.find(cpu);
  if (found == offsets_.end() || steady::now() - found->second.measured > max_offset_age) return std::nullopt;
  return found->second;
}

void scheduler_clock::measure_cpu(int cpu) {
  cpu_set_t previous;
  if (cpu < 0 || cpu >= CPU_SETSIZE || ::sched_getaffinity(0, sizeof previous, &previous) != 0) return;
  cpu_set_t target;
  CPU_ZERO(&target);
  CPU_SET(static_cast<std::size_t>(cpu), &target);
  if (::sched_setaffinity(0, sizeof target, &target) != 0) return;
  measure_this_cpu();
  ::sched_setaffinity(0, sizeof previous, &previous);
}

}  // namespace loopscope::monitor
