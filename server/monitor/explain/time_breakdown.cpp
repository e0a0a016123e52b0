// SPDX-License-Identifier: MIT

#include "time_breakdown.hpp"

#include <algorithm>

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

bool is_at_least_half(nanoseconds part, nanoseconds whole) {
  return part * 2 >= whole;
}

}  // namespace

std::optional<nanoseconds> time_split::off_cpu() const {
  if (!run_queue) return std::nullopt;
  return std::max(nanoseconds{0}, wall - cpu - *run_queue);
}

verdict classify(const time_split& split) {
  if (is_at_least_half(split.cpu, split.wall)) return verdict::on_cpu;

  // From here on the loop's thread was mostly not running.
  const auto waited = split.wall - split.cpu;
  if (split.slept > split.cpu && is_at_least_half(split.slept, waited)) return verdict::off_cpu;
  if (split.throttled && is_at_least_half(*split.throttled, waited)) return verdict::throttled;
  const auto queued = split.run_queue.value_or(nanoseconds{0});
  const bool unexplained = is_at_least_half(split.wall - split.cpu - queued - split.slept, split.wall);
  if (unexplained && is_at_least_half(split.watchdog_late, split.wall)) return verdict::descheduled;

  const auto asleep = std::max(nanoseconds{0}, waited - queued);
  if (split.cpu >= queued && split.cpu >= asleep) return verdict::on_cpu;
  return queued >= asleep ? verdict::run_queue : verdict::off_cpu;
}

time_breakdown::time_breakdown(stall_tracker::time_point start, const stall_tracker::thread_totals& totals_at_start,
                               const host_pressure& pressure_at_start)
    : start_(start), totals_at_start_(totals_at_start), pressure_at_start_(pressure_at_start) {}

void time_breakdown::add_sample(const thread_sample& sample) {
  const auto previous_time = last_ ? last_->time : start_;
  const auto previous_cpu = last_ ? last_->cpu : totals_at_start_.cpu;
  const auto previous_queue = last_ ? last_->run_queue : totals_at_start_.run_queue;
  const bool was_runnable = !last_ || last_->state == thread_state::runnable;
  if (sample.run_queue && previous_queue) {
    const auto counted = *sample.run_queue - *previous_queue;
    if (counted > nanoseconds{0}) uncounted_wait_ = nanoseconds{0};
    if (was_runnable && sample.state == thread_state::runnable) {
      uncounted_wait_ += std::max(nanoseconds{0}, sample.time - previous_time - (sample.cpu - previous_cpu) - counted);
    }
  }
  if (sample.state == thread_state::asleep) {
    // Asleep in both samples: in between, too, but for what was counted otherwise. Else it fell asleep meanwhile.
    auto asleep = sample.time - previous_time - (sample.cpu - previous_cpu);
    if (sample.run_queue && previous_queue) asleep -= *sample.run_queue - *previous_queue;
    const bool slept_before = last_ && last_->state == thread_state::asleep;
    if (!slept_before) asleep = std::min<nanoseconds>(asleep, sample.not_running_for.value_or(asleep / 2));
    slept_ += std::max(nanoseconds{0}, asleep);
  }
  last_ = sample;
}

time_split time_breakdown::so_far(stall_tracker::time_point now, const host_pressure& pressure) const {
  if (!last_) return split(now - start_, nanoseconds{0}, totals_at_start_.run_queue, pressure);
  auto queue = last_->run_queue;
  if (queue) *queue += uncounted_wait_;
  return split(now - start_, last_->cpu, queue, pressure);
}

time_split time_breakdown::at_end(const stall_tracker::time_span& stall, nanoseconds cpu,
                                  std::optional<nanoseconds> run_queue, const host_pressure& pressure) const {
  auto out = split(stall.end - stall.start, cpu, run_queue, pressure);
  if (last_ && last_->state == thread_state::asleep) {
    auto asleep = stall.end - last_->time - (cpu - last_->cpu);
    if (run_queue && last_->run_queue) asleep -= *run_queue - *last_->run_queue;
    out.slept = std::min(out.wall - out.cpu, out.slept + std::max(nanoseconds{0}, asleep));
  }
  return out;
}

time_split time_breakdown::split(nanoseconds wall, nanoseconds cpu, std::optional<nanoseconds> run_queue,
                                 const host_pressure& pressure) const {
  time_split out;
  out.wall = wall;
  out.cpu = std::clamp(cpu - totals_at_start_.cpu, nanoseconds{0}, wall);
  if (run_queue && totals_at_start_.run_queue) {
    out.run_queue = std::clamp(*run_queue - *totals_at_start_.run_queue, nanoseconds{0}, wall - out.cpu);
  }
  out.slept = std::min(slept_, wall - out.cpu);
  if (pressure.throttled && pressure_at_start_.throttled)
    out.throttled = *pressure.throttled - *pressure_at_start_.throttled;
  out.watchdog_late = pressure.watchdog_late - pressure_at_start_.watchdog_late;
  return out;
}

}  // namespace loopscope::monitor
