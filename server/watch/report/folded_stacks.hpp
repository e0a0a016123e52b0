// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/monitor/stall_record.hpp"

namespace loopscope::watch {

/// Stacks of ended stalls with the time that each one blocked, in the folded form that flame-graph tools read.
///
/// One line for each stack: `process;outermost;...;innermost MICROSECONDS`. A frame is its function, with its file
/// where that is known. Lines of source do not tell stacks apart. Memory: bounded by max_bytes. Stacks beyond it, those
/// with the least time first, are counted as `[other stacks]`. Threads: one at a time. Source: the input of
/// FlameGraph's flamegraph.pl, inferno and speedscope.
class folded_stacks {
 public:
  static constexpr std::size_t default_max_bytes = std::size_t{32} << 20U;

  explicit folded_stacks(std::size_t max_bytes = default_max_bytes) : max_bytes_(max_bytes) {}

  void add(std::string_view process, const monitor::stall_record& stall);

  /// The lines, most expensive first.
  std::string text() const;

 private:
  void evict_cheapest();

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::string, std::chrono::nanoseconds> stacks_;
  std::chrono::nanoseconds others_{0};
};

}  // namespace loopscope::watch
