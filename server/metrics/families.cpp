// SPDX-License-Identifier: MIT

#include "families.hpp"

#include <limits>

namespace loopscope::metrics {
namespace {

prometheus::ClientMetric& add(family& to, labels series) {
  prometheus::ClientMetric& added = to.metric.emplace_back();
  added.label = std::move(series);
  return added;
}

}  // namespace

family counter_family(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Counter, {}};
}

family gauge_family(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Gauge, {}};
}

family histogram_family(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Histogram, {}};
}

void add_counter(family& to, labels series, double value) {
  add(to, std::move(series)).counter.value = value;
}

void add_gauge(family& to, labels series, double value) {
  add(to, std::move(series)).gauge.value = value;
}

void add_histogram(family& to, labels series, std::span<const double> bounds_s, std::span<const std::uint64_t> counts,
                   double sum_s) {
  auto& histogram = add(to, std::move(series)).histogram;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= bounds_s.size(); ++i) {
    total += counts[i];
    const double bound = i < bounds_s.size() ? bounds_s[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({total, bound});
  }
  // The sum of the buckets just read, so that both agree while other threads go on counting.
  histogram.sample_count = total;
  histogram.sample_sum = sum_s;
}

}  // namespace loopscope::metrics
