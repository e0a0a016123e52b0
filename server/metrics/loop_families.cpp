#include "loop_families.hpp"

#include <algorithm>

namespace loopscope::metrics {

void rising_loop_values::update(const monitor::snapshot& figures) {
  const monitor::lag_figures& lag = figures.total.corrected;
  for (std::size_t i = 0; i < lag.buckets.size(); ++i) lag_counts_[i] = std::max(lag_counts_[i], lag.buckets[i]);
  lag_counts_.back() = std::max(lag_counts_.back(), lag.count);
  lag_sum_ = std::max(lag_sum_, lag.sum);
  std::chrono::nanoseconds stalled = figures.stalled_for;
  for (const monitor::verdict_counter& each : figures.by_verdict) stalled += each.total;
  stalled_ = std::max(stalled_, stalled);
}

std::vector<family> loop_families::collect(const std::vector<loop>& loops) {
  family lag = histogram_family("loopscope_loop_lag_seconds",
                                "How late the loop ran a handler: one sample per deadline, including missed ones.");
  family stalled =
      gauge_family("loopscope_loop_stalled_seconds", "Duration of the stall in progress; 0 without a stall.");
  family stalls = counter_family("loopscope_loop_stalls_total", "Stalls that have ended, by cause.");
  family stall_time =
      counter_family("loopscope_loop_stall_seconds_total", "Time spent in stalls, including the one in progress.");
  for (const loop& each : loops) {
    rising_loop_values& rising = rising_[each.name];
    rising.update(each.figures);
    const labels series{{"loop", each.name}};
    add_histogram(lag, series, monitor::lag_bounds_s, rising.lag_counts(), buckets::cumulative,
                  seconds(rising.lag_sum()));
    add_gauge(stalled, series, seconds(each.figures.stalled_for));
    add_counter(stall_time, series, seconds(rising.stalled()));
    for (std::size_t i = 0; i < monitor::verdict_count; ++i) {
      const auto verdict = monitor::to_string(static_cast<monitor::verdict>(i));
      add_counter(stalls, {{"loop", each.name}, {"verdict", std::string{verdict}}},
                  static_cast<double>(each.figures.by_verdict[i].stalls));
    }
  }
  return {std::move(lag), std::move(stalled), std::move(stalls), std::move(stall_time)};
}

}  // namespace loopscope::metrics
