#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace loopscope::bench {

/// Google Benchmark's console output replaced by a table: each benchmark's time, and that over its floor's.
///
/// A benchmark measures its floor right before itself and gives it as the counter `floor_seconds`; the ratios are of
/// such pairs, their median with the least and the greatest beside it.
class ratio_reporter : public benchmark::ConsoleReporter {
 public:
  ratio_reporter();
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

 private:
  std::vector<std::string> names_;  // in the order of their first run
  struct runs {
    std::vector<double> seconds;
    std::vector<double> floor_seconds;
    std::vector<double> ratios;
  };
  std::map<std::string, runs> runs_;
};

}  // namespace loopscope::bench
