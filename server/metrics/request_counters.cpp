#include "request_counters.hpp"

namespace loopscope::metrics {

request_counters::request_counters(std::vector<std::string> routes) : routes_(std::move(routes)) {
  routes_.emplace_back(other_route);
  counts_ = std::make_unique<per_route[]>(routes_.size());
}

request_counters::per_route& request_counters::of(std::string_view route) noexcept {
  std::size_t at = 0;
  // A handful of short names: comparing them is cheaper than a hash of one.
  while (at + 1 < routes_.size() && routes_[at] != route) ++at;
  return counts_[at];
}

std::vector<family> request_families(const std::vector<std::unique_ptr<request_counters>>& loops) {
  family requests = counter_family("loopscope_http_requests_total",
                                   "Requests of the data plane by route and status; 499: the client left first.");
  family durations = histogram_family("loopscope_http_request_duration_seconds",
                                      "From a complete request to its answer, without what it waited for the loop.");
  if (loops.empty()) return {std::move(requests), std::move(durations)};
  const std::vector<std::string>& routes = loops.front()->routes_;
  for (std::size_t route = 0; route < routes.size(); ++route) {
    const bool is_other = route + 1 == routes.size();
    const unsigned usual = is_other ? 404 : 200;  // there from the start, so that its first rise is one
    for (unsigned at = 0; at < request_counters::statuses; ++at) {
      std::uint64_t count = 0;
      for (const auto& loop : loops) count += loop->counts_[route].by_status[at].load(std::memory_order_relaxed);
      const unsigned status = request_counters::lowest_status + at;
      if (count == 0 && status != usual) continue;
      add_counter(requests, {{"route", routes[route]}, {"status", std::to_string(status)}}, static_cast<double>(count));
    }
    request_counters::histogram::counts counts{};
    std::chrono::nanoseconds sum{0};
    for (const auto& loop : loops) {
      loop->counts_[route].durations.add_to(counts);
      sum += loop->counts_[route].durations.sum();
    }
    add_histogram(durations, {{"route", routes[route]}}, request_bounds_s, counts, buckets::separate, seconds(sum));
  }
  return {std::move(requests), std::move(durations)};
}

}  // namespace loopscope::metrics
