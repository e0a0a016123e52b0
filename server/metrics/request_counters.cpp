// SPDX-License-Identifier: MIT

#include "request_counters.hpp"

namespace loopscope::metrics {

request_counters::request_counters(std::vector<std::string> routes) : routes_(std::move(routes)) {
  routes_.emplace_back(http::observer::other_route);
  counts_ = std::make_unique<route_counts[]>(routes_.size());
}

request_counters::route_counts& request_counters::find(std::string_view route) noexcept {
  std::size_t index = 0;
  // Comparing a few short names costs less than hashing one.
  while (index + 1 < routes_.size() && routes_[index] != route) ++index;
  return counts_[index];
}

std::vector<family> request_families(const std::vector<std::unique_ptr<request_counters>>& loops) {
  family requests =
      counter_family("loopscope_http_requests_total",
                     "Requests to the data plane by route and status; 499: the client disconnected before a response.");
  family durations =
      histogram_family("loopscope_http_request_duration_seconds",
                       "Time from a complete request to its response, without the time that it waited for the loop.");
  if (loops.empty()) return {std::move(requests), std::move(durations)};
  const std::vector<std::string>& routes = loops.front()->routes_;
  for (std::size_t route = 0; route < routes.size(); ++route) {
    const bool is_other = route + 1 == routes.size();
    const unsigned usual_status = is_other ? 404 : 200;  // shown with 0 from the start, so that rate() sees the first
    for (unsigned i = 0; i < request_counters::status_count; ++i) {
      std::uint64_t count = 0;
      for (const auto& loop : loops) count += loop->counts_[route].by_status[i].load(std::memory_order_relaxed);
      const unsigned status = request_counters::min_status + i;
      if (count == 0 && status != usual_status) continue;
      add_counter(requests, {{"route", routes[route]}, {"status", std::to_string(status)}}, static_cast<double>(count));
    }
    request_counters::histogram::counts counts{};
    std::chrono::nanoseconds sum{0};
    for (const auto& loop : loops) {
      loop->counts_[route].durations.add_counts(counts);
      sum += loop->counts_[route].durations.sum();
    }
    add_histogram(durations, {{"route", routes[route]}}, request_bounds_s, counts, seconds(sum));
  }
  return {std::move(requests), std::move(durations)};
}

}  // namespace loopscope::metrics
