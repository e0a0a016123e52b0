#include "evidence.hpp"

#include <algorithm>

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

bool at_least_half(nanoseconds part, nanoseconds whole) {
  return part * 2 >= whole;
}

}  // namespace

std::optional<nanoseconds> evidence::off_cpu() const {
  if (!cpu || !run_queue) return std::nullopt;
  return std::max(nanoseconds{0}, wall - *cpu - *run_queue);
}

verdict judge(const evidence& seen) {
  const auto on_cpu = seen.cpu.value_or(nanoseconds{0});
  if (at_least_half(on_cpu, seen.wall)) return verdict::on_cpu;

  // From here on the loop's thread was mostly not running.
  const auto waited = seen.wall - on_cpu;
  if (seen.throttled && at_least_half(*seen.throttled, waited)) return verdict::throttled;
  if (at_least_half(seen.watchdog_late, seen.wall)) return verdict::descheduled;

  const auto queued = seen.run_queue.value_or(nanoseconds{0});
  const auto asleep = std::max(nanoseconds{0}, waited - queued);
  if (on_cpu >= queued && on_cpu >= asleep) return verdict::on_cpu;
  return queued >= asleep ? verdict::run_queue : verdict::off_cpu;
}

}  // namespace loopscope::monitor
