// SPDX-License-Identifier: MIT

#pragma once

#include <string>

#include "watch_report.hpp"

namespace loopscope::watch {

/// Places listed at most.
inline constexpr std::size_t max_listed_culprits = 20;

/// The places that blocked loops, most expensive first, as a table of text_width columns. Empty without a stall.
std::string culprit_text(const watch_report& report);

}  // namespace loopscope::watch
