// SPDX-License-Identifier: MIT

#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace loopscope::metrics {

/// A metric with its name, its help text and one value for each set of labels. prometheus-cpp turns it into text.
///
/// Units: part of the name; times are in seconds. Source: the Prometheus exposition format.
using family = prometheus::MetricFamily;
using labels = std::vector<prometheus::ClientMetric::Label>;

family counter_family(std::string name, std::string help);
family gauge_family(std::string name, std::string help);
family histogram_family(std::string name, std::string help);

void add_counter(family& to, labels series, double value);
void add_gauge(family& to, labels series, double value);

/// `counts`: of each bucket alone; it has one element more than `bounds_s`, the bucket without an upper bound.
void add_histogram(family& to, labels series, std::span<const double> bounds_s, std::span<const std::uint64_t> counts,
                   double sum_s);

inline double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace loopscope::metrics
