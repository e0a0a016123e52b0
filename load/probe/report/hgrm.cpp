// SPDX-License-Identifier: MIT

#include <cstdio>
#include <ostream>

#include "report.hpp"

namespace loopscope::probe {
namespace {

constexpr int lines_per_halving = 5;

void append_line(std::ostream& out, const char* prefix, const percentiles& latency_us, double quantile) {
  const double value_us = *latency_us.at(quantile);
  const auto count = static_cast<unsigned long long>(latency_us.count_up_to(value_us));
  char line[128];
  if (quantile < 1) {
    std::snprintf(line, sizeof line, "%12.3f %2.12f %10llu %14.2f\n", value_us / 1000, quantile, count,
                  1 / (1 - quantile));
  } else {
    std::snprintf(line, sizeof line, "%12.3f %2.12f %10llu %14s\n", value_us / 1000, quantile, count, "inf");
  }
  out << prefix << line;
}

/// `prefix`: the beginning of each line.
void append_percentiles(std::ostream& out, const char* prefix, const percentiles& latency_us) {
  out << prefix << "       Value     Percentile TotalCount 1/(1-Percentile)\n" << prefix << '\n';
  if (latency_us.count() == 0) return;
  const auto count = static_cast<double>(latency_us.count());
  for (double half = 1; half * count >= 1; half /= 2) {
    for (int line = 0; line < lines_per_halving; ++line) {
      const double left = half * (1 - line / (2.0 * lines_per_halving));
      if (left * count >= 1) append_line(out, prefix, latency_us, 1 - left);
    }
  }
  append_line(out, prefix, latency_us, 1);
  char foot[192];
  std::snprintf(foot, sizeof foot,
                "%s#[Mean    = %12.3f, StdDeviation   = %12.3f]\n%s#[Max     = "
                "%12.3f, Total count    = %12llu]\n",
                prefix, *latency_us.mean() / 1000, *latency_us.standard_deviation() / 1000, prefix,
                *latency_us.max() / 1000, static_cast<unsigned long long>(latency_us.count()));
  out << foot;
}

}  // namespace

void write_hgrm(std::ostream& out, const summary& sums) {
  append_percentiles(out, "", sums.latency_us);
  // As comments, since tools that plot such files take all other lines for one curve.
  if (sums.unexpected > 0) append_percentiles(out, "#unexpected ", sums.unexpected_latency_us);
}

}  // namespace loopscope::probe
