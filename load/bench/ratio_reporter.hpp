// SPDX-License-Identifier: MIT

#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace loopscope::bench {

/// Replaces Google Benchmark's console output by a table: the time of each benchmark and its ratio to the floor.
///
/// A benchmark measures its floor right before each run and reports it as the counter `floor_seconds`. Each run gives
/// one ratio; the table shows their median, minimum and maximum.
class ratio_reporter : public benchmark::ConsoleReporter {
 public:
  ratio_reporter();
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

 private:
  std::vector<std::string> names_;  // in the order of the first runs
  struct runs {
    std::vector<double> seconds;
    std::vector<double> floor_seconds;
    std::vector<double> ratios;
  };
  std::map<std::string, runs> runs_;
};

}  // namespace loopscope::bench
