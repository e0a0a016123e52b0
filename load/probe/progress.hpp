#pragma once

#include <chrono>
#include <string>

#include "ledger.hpp"

namespace loopscope::probe {

/// One line on a run under way, such as "3.2 of 8 s  3,200 due  3,010 answered  190 waiting  0 failed".
std::string progress_text(std::chrono::nanoseconds elapsed, std::chrono::nanoseconds duration, const live_counts& live);

/// Writes progress to stderr: one line that is overwritten on a terminal, a line each time elsewhere.
class progress_line {
 public:
  explicit progress_line(bool terminal) : terminal_(terminal) {}

  /// How often to show().
  std::chrono::milliseconds period() const;
  void show(const std::string& text);
  /// Leaves the terminal's line empty for what follows.
  void clear();

 private:
  bool terminal_;
};

}  // namespace loopscope::probe
