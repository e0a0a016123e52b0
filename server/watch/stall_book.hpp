// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "report/culprit_table.hpp"
#include "report/folded_stacks.hpp"
#include "report/watch_report.hpp"

namespace loopscope::watch {

/// The ended stalls of all loops: the first ones as records, all of them in sums. Threads: any.
class stall_book {
 public:
  static constexpr std::size_t max_records = 10'000;

  void add(pid_t pid, const std::string& process, const monitor::stall_record& stall);

  std::chrono::nanoseconds longest() const;
  std::string folded_text() const;
  /// Sets the report's stalls and culprits.
  void fill(watch_report& report) const;

 private:
  mutable std::mutex mutex_;
  std::vector<process_stall> records_;
  std::uint64_t left_out_ = 0;
  std::chrono::nanoseconds longest_{0};
  culprit_table culprits_;
  folded_stacks stacks_;
};

}  // namespace loopscope::watch
