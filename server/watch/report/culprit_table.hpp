// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "watch_report.hpp"

namespace loopscope::watch {

/// Sums ended stalls by the place that caused them and their verdict.
///
/// A place is a function and its file. A stall in which no frame is the program's own counts for the call that the
/// thread slept in, or else for the innermost frame that has a name.
/// Memory: bounded. Once there are max_places, the one with the least time goes to `others` for each new one.
/// Threads: one at a time.
class culprit_table {
 public:
  static constexpr std::size_t default_max_places = 1024;

  explicit culprit_table(std::size_t max_places = default_max_places) : max_places_(max_places) {}

  void add(const monitor::stall_record& stall);

  /// Most expensive first; equal ones in the order of their names.
  std::vector<culprit_figures> rows() const;
  const other_culprits& others() const noexcept { return others_; }

 private:
  void evict_cheapest();

  std::size_t max_places_;
  std::unordered_map<std::string, culprit_figures> places_;
  other_culprits others_;
};

}  // namespace loopscope::watch
