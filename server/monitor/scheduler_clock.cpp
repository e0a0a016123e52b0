#include "scheduler_clock.hpp"

#include <sched.h>
#include <time.h>

#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {
namespace {

using steady = std::chrono::steady_clock;

constexpr std::chrono::seconds good_for{5};
// The steady clock is slewed by 0.5 ms a second at most.
constexpr std::chrono::milliseconds learnt_a_moment_ago{100};
constexpr std::chrono::microseconds undisturbed{500};
constexpr int max_attempts = 3;

}  // namespace

scheduler_clock::scheduler_clock() : own_sched_("/proc/thread-self/sched") {}

void scheduler_clock::learn_here() {
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    const int cpu = ::sched_getcpu();
    const auto before = steady::now();
    if (const auto present = offsets_.find(cpu);
        present != offsets_.end() && before - present->second.learnt < learnt_a_moment_ago) {
      return;
    }
    // The kernel brings exec_start of a running thread up to date when its CPU time is asked for.
    timespec unused{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &unused);
    const auto own = system::parse_exec_start(own_sched_.read());
    if (!own) return;
    // Otherwise this thread was interrupted or moved in between, and the two times do not belong together.
    if (steady::now() - before < undisturbed && ::sched_getcpu() == cpu) {
      offsets_[cpu] = {before.time_since_epoch() - *own, before};
      return;
    }
  }
}

std::optional<scheduler_clock::time_point> scheduler_clock::to_steady(std::chrono::nanoseconds scheduler_time, int cpu,
                                                                      bool may_visit) {
  auto found = known(cpu);
  if (!found && may_visit) {
    visit(cpu);
    found = known(cpu);
  }
  if (!found) return std::nullopt;
  return time_point{scheduler_time + found->value};
}

std::optional<scheduler_clock::offset> scheduler_clock::known(int cpu) const {
  const auto found = offsets_.find(cpu);
  if (found == offsets_.end() || steady::now() - found->second.learnt > good_for) return std::nullopt;
  return found->second;
}

void scheduler_clock::visit(int cpu) {
  cpu_set_t before;
  if (cpu < 0 || cpu >= CPU_SETSIZE || ::sched_getaffinity(0, sizeof before, &before) != 0) return;
  cpu_set_t there;
  CPU_ZERO(&there);
  CPU_SET(static_cast<std::size_t>(cpu), &there);
  if (::sched_setaffinity(0, sizeof there, &there) != 0) return;
  learn_here();
  ::sched_setaffinity(0, sizeof before, &before);
}

}  // namespace loopscope::monitor
