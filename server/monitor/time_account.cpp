#include "time_account.hpp"

#include <algorithm>

namespace loopscope::monitor {

using std::chrono::nanoseconds;

time_account::time_account(stall_tracker::time_point start, const stall_tracker::totals& at_start,
                           const host_totals& host)
    : start_(start), at_start_(at_start), host_at_start_(host) {}

void time_account::look(const sighting& seen) {
  const auto previous_at = last_ ? last_->now : start_;
  const auto previous_cpu = last_ ? last_->cpu : at_start_.cpu;
  const auto previous_queue = last_ ? last_->run_queue : at_start_.run_queue;
  const bool was_runnable = !last_ || last_->state == thread_state::runnable;
  if (seen.run_queue && previous_queue) {
    const auto told = *seen.run_queue - *previous_queue;
    if (told > nanoseconds{0}) untold_queue_ = nanoseconds{0};
    if (was_runnable && seen.state == thread_state::runnable) {
      untold_queue_ += std::max(nanoseconds{0}, seen.now - previous_at - (seen.cpu - previous_cpu) - told);
    }
  }
  last_ = seen;
}

evidence time_account::so_far(stall_tracker::time_point now, const host_totals& host) const {
  if (!last_) return between(now - start_, nanoseconds{0}, at_start_.run_queue, host);
  auto queue = last_->run_queue;
  if (queue) *queue += untold_queue_;
  return between(now - start_, last_->cpu, queue, host);
}

evidence time_account::at_end(const stall_tracker::span& stall, nanoseconds cpu, std::optional<nanoseconds> run_queue,
                              const host_totals& host) const {
  return between(stall.end - stall.start, cpu, run_queue, host);
}

evidence time_account::between(nanoseconds wall, nanoseconds cpu, std::optional<nanoseconds> run_queue,
                               const host_totals& host) const {
  evidence out;
  out.wall = wall;
  out.cpu = std::clamp(cpu - at_start_.cpu, nanoseconds{0}, wall);
  if (run_queue && at_start_.run_queue) {
    out.run_queue = std::clamp(*run_queue - *at_start_.run_queue, nanoseconds{0}, wall - *out.cpu);
  }
  if (host.throttled && host_at_start_.throttled) out.throttled = *host.throttled - *host_at_start_.throttled;
  out.watchdog_late = host.watchdog_late - host_at_start_.watchdog_late;
  return out;
}

}  // namespace loopscope::monitor
