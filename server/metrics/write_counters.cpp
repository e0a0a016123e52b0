#include "write_counters.hpp"

namespace loopscope::metrics {
namespace {

using writers::back_end;

/// Methods without a back end count in one place, whatever back end the request names.
back_end counted_as(const writers::method& method, back_end io) noexcept {
  return method.back_ends == writers::back_end_use::any ? io : back_end::threads;
}

}  // namespace

std::string_view io_label(const writers::method& method, back_end io) noexcept {
  return method.back_ends == writers::back_end_use::none ? "none" : writers::to_string(io);
}

void write_counters::count(const writers::method& method, back_end io, runs::outcome how,
                           std::chrono::nanoseconds took) noexcept {
  per_kind& kind = kinds_[writers::index_of(method)][static_cast<std::size_t>(counted_as(method, io))];
  add<writers_are::many_threads>(kind.by_outcome[static_cast<std::size_t>(how)], std::uint64_t{1});
  if (how == runs::outcome::completed) kind.completed.record(took);
}

std::vector<family> write_counters::families() const {
  family writes = counter_family("loopscope_writes_total", "Writes that have ended, by method, back end and outcome.");
  family durations = histogram_family("loopscope_write_duration_seconds", "How long completed writes took.");
  for (const auto& method : writers::all_methods()) {
    for (const back_end io : {back_end::threads, back_end::uring}) {
      if (counted_as(method, io) != io) continue;
      const per_kind& kind = kinds_[writers::index_of(method)][static_cast<std::size_t>(io)];
      const labels of{{"method", std::string{method.name}}, {"io", std::string{io_label(method, io)}}};
      for (const auto how : {runs::outcome::completed, runs::outcome::cancelled, runs::outcome::failed}) {
        labels with_outcome = of;
        with_outcome.push_back({"outcome", std::string{runs::to_string(how)}});
        const auto count = kind.by_outcome[static_cast<std::size_t>(how)].load(std::memory_order_relaxed);
        add_counter(writes, std::move(with_outcome), static_cast<double>(count));
      }
      histogram::counts counts{};
      kind.completed.add_to(counts);
      add_histogram(durations, of, write_bounds_s, counts, buckets::separate, seconds(kind.completed.sum()));
    }
  }
  return {std::move(writes), std::move(durations)};
}

}  // namespace loopscope::metrics
