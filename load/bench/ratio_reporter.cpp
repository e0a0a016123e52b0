// SPDX-License-Identifier: MIT

#include "ratio_reporter.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>

namespace loopscope::bench {
namespace {

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

ratio_reporter::ratio_reporter() : ConsoleReporter(OO_None) {}

void ratio_reporter::ReportRuns(const std::vector<Run>& reported) {
  for (const Run& run : reported) {
    if (run.run_type != Run::RT_Iteration) continue;
    runs& all = runs_[run.run_name.function_name];
    if (all.seconds.empty()) names_.push_back(run.run_name.function_name);
    all.seconds.push_back(run.real_accumulated_time / static_cast<double>(run.iterations));
    all.floor_seconds.push_back(run.counters.at("floor_seconds").value);
    all.ratios.push_back(all.seconds.back() / all.floor_seconds.back());
  }
}

void ratio_reporter::Finalize() {
  std::ostream& out = GetOutputStream();
  out << std::left << std::setw(20) << "1,000,000 records" << std::right << std::setw(12) << "median ms"
      << std::setw(12) << "floor ms" << std::setw(8) << "runs"
      << "  ratio to the floor (min .. max)\n"
      << std::fixed;
  for (const std::string& name : names_) {
    const runs& all = runs_.at(name);
    const auto [min, max] = std::ranges::minmax(all.ratios);
    out << std::left << std::setw(20) << name << std::right << std::setprecision(1) << std::setw(12)
        << median(all.seconds) * 1e3 << std::setw(12) << median(all.floor_seconds) * 1e3 << std::setw(8)
        << all.seconds.size() << std::setprecision(2) << "  " << median(all.ratios) << " (" << min << " .. " << max
        << ")\n";
  }
}

}  // namespace loopscope::bench
