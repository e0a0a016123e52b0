// SPDX-License-Identifier: MIT

#include "service_metrics.hpp"

#include <algorithm>
#include <iterator>

namespace loopscope::metrics {

request_counters& service_metrics::add_loop(std::vector<std::string> routes) {
  return *requests_.emplace_back(std::make_unique<request_counters>(std::move(routes)));
}

std::vector<family> service_metrics::families() const {
  std::vector<family> all = request_families(requests_);
  std::ranges::move(writes_.families(), std::back_inserter(all));
  all.push_back(
      gauge_family("loopscope_write_pending_bytes", "Bytes that running writes have accepted and the kernel has not."));
  double pending_bytes = 0;
  for (const auto& run : registry_.active()) pending_bytes += static_cast<double>(run->progress.pending_bytes());
  add_gauge(all.back(), {}, pending_bytes);
  return all;
}

}  // namespace loopscope::metrics
