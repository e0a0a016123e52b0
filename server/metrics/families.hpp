#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace loopscope::metrics {

using family = prometheus::MetricFamily;
using label = prometheus::ClientMetric::Label;
using labels = std::vector<label>;

/// Empty families of values that others count; prometheus-cpp turns them into text.
///
/// Units: as the name says; times in seconds. Source: the exposition format, and prometheus-cpp's
/// MetricFamily.
family counter_family(std::string name, std::string help);
family gauge_family(std::string name, std::string help);
family histogram_family(std::string name, std::string help);

void add_counter(family& to, labels of, double value);
void add_gauge(family& to, labels of, double value);
/// `counts[i]` are the observations at or below bounds_s[i] alone or with all below, as `cumulative` says;
/// the last of counts, one more than bounds, is of all the rest (or of all).
enum class buckets { separate, cumulative };
void add_histogram(family& to, labels of, std::span<const double> bounds_s, std::span<const std::uint64_t> counts,
                   buckets kind, double sum_s);

inline double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace loopscope::metrics
