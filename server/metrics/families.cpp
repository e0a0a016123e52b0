#include "families.hpp"

#include <limits>

namespace loopscope::metrics {
namespace {

prometheus::ClientMetric& add(family& to, labels of) {
  to.metric.emplace_back();
  to.metric.back().label = std::move(of);
  return to.metric.back();
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

void add_counter(family& to, labels of, double value) {
  add(to, std::move(of)).counter.value = value;
}

void add_gauge(family& to, labels of, double value) {
  add(to, std::move(of)).gauge.value = value;
}

void add_histogram(family& to, labels of, std::span<const double> bounds_s, std::span<const std::uint64_t> counts,
                   buckets kind, double sum_s) {
  auto& histogram = add(to, std::move(of)).histogram;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i <= bounds_s.size(); ++i) {
    all = kind == buckets::separate ? all + counts[i] : counts[i];
    const double bound = i < bounds_s.size() ? bounds_s[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({all, bound});
  }
  // From the same reads as the buckets, so that the two agree while others count on.
  histogram.sample_count = all;
  histogram.sample_sum = sum_s;
}

}  // namespace loopscope::metrics
