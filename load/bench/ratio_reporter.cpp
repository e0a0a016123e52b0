#include "ratio_reporter.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>

namespace loopscope::bench {
namespace {

constexpr std::string_view over = "/over:";

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

ratio_reporter::ratio_reporter() : ConsoleReporter(OO_None) {}

void ratio_reporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
    auto& seconds = seconds_[run.run_name.function_name];
    if (seconds.empty()) names_.push_back(run.run_name.function_name);
    seconds.push_back(run.real_accumulated_time / static_cast<double>(run.iterations));
  }
}

void ratio_reporter::Finalize() {
  std::ostream& out = GetOutputStream();
  out << std::left << std::setw(28) << "1,000,000 records" << std::right << std::setw(12) << "median ms"
      << std::setw(10) << "runs"
      << "  over its floor (least .. greatest)\n"
      << std::fixed;
  for (const std::string& name : names_) {
    const auto& seconds = seconds_.at(name);
    const std::size_t cut = name.find(over);
    out << std::left << std::setw(28) << name.substr(0, cut) << std::right << std::setw(12) << std::setprecision(1)
        << median(seconds) * 1e3 << std::setw(10) << seconds.size();
    const auto floor = cut == std::string::npos ? seconds_.end() : seconds_.find(name.substr(cut + over.size()));
    if (floor != seconds_.end()) {
      const double base = median(floor->second);
      const auto [least, greatest] = std::ranges::minmax(seconds);
      out << std::setprecision(2) << "  " << median(seconds) / base << " x " << floor->first << " (" << least / base
          << " .. " << greatest / base << ")";
    }
    out << '\n';
  }
}

}  // namespace loopscope::bench
