#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace loopscope::bench {

/// Google Benchmark's console output, and at its end each benchmark's time over its floor's, within this run.
///
/// Benchmarks are named NAME or NAME/over:FLOOR; ratios are of medians over repetitions, with the least and the
/// greatest time over the floor's median beside them.
class ratio_reporter : public benchmark::ConsoleReporter {
 public:
  ratio_reporter();
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

 private:
  std::vector<std::string> names_;  // in the order of their first run
  std::map<std::string, std::vector<double>> seconds_;
};

}  // namespace loopscope::bench
