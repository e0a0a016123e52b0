// SPDX-License-Identifier: MIT

#include "write_counters.hpp"

namespace loopscope::metrics {
namespace {

using writers::back_end;
using writers::back_end_use;

/// A method that has no choice of back end is counted once, whatever the request says.
back_end counted_back_end(const writers::method& method, back_end io) noexcept {
  return method.back_ends == back_end_use::any ? io : back_end::threads;
}

/// The value of the label io; "none" for methods without a back end.
std::string io_label(const writers::method& method, back_end io) {
  return std::string{method.back_ends == back_end_use::none ? "none" : writers::to_string(io)};
}

}  // namespace

void write_counters::count(const writers::method& method, back_end io, runs::outcome outcome,
                           std::chrono::nanoseconds duration) noexcept {
  counts& counted = counts_[writers::index_of(method)][static_cast<std::size_t>(counted_back_end(method, io))];
  add<threads::many>(counted.by_outcome[static_cast<std::size_t>(outcome)], std::uint64_t{1});
  if (outcome == runs::outcome::completed) counted.completed.record(duration);
}

std::vector<family> write_counters::families() const {
  family writes = counter_family("loopscope_writes_total", "Writes that have ended, by method, back end and outcome.");
  family durations = histogram_family("loopscope_write_duration_seconds", "Duration of completed writes.");
  for (const auto& method : writers::all_methods()) {
    for (const back_end io : {back_end::threads, back_end::uring}) {
      if (counted_back_end(method, io) != io) continue;
      const counts& counted = counts_[writers::index_of(method)][static_cast<std::size_t>(io)];
      const labels series{{"method", std::string{method.name}}, {"io", io_label(method, io)}};
      for (const auto outcome : {runs::outcome::completed, runs::outcome::cancelled, runs::outcome::failed}) {
        labels with_outcome = series;
        with_outcome.push_back({"outcome", std::string{runs::to_string(outcome)}});
        const auto count = counted.by_outcome[static_cast<std::size_t>(outcome)].load(std::memory_order_relaxed);
        add_counter(writes, std::move(with_outcome), static_cast<double>(count));
      }
      histogram::counts bucket_counts{};
      counted.completed.add_counts(bucket_counts);
      add_histogram(durations, series, write_bounds_s, bucket_counts, seconds(counted.completed.sum()));
    }
  }
  return {std::move(writes), std::move(durations)};
}

}  // namespace loopscope::metrics
