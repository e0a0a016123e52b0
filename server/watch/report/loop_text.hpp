// SPDX-License-Identifier: MIT

#pragma once

#include <string>
#include <vector>

#include "watch_report.hpp"

namespace loopscope::watch {

/// Loops listed at most: those that were blocked longest, then those with the most turns.
inline constexpr std::size_t max_listed_loops = 100;

/// The loops of each process with their figures, as a table of text_width columns. Empty without a loop.
std::string loop_text(const std::vector<process_figures>& processes);

}  // namespace loopscope::watch
