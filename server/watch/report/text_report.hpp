// SPDX-License-Identifier: MIT

#pragma once

#include <string>

#include "watch_report.hpp"

namespace loopscope::watch {

/// The report as people read it, at most text_width columns wide, ended by a line feed.
///
/// How the command ended; each loop with its figures; what blocked them; what could not be seen and why; what was added
/// to the command's environment.
std::string to_text(const watch_report& report);

/// The sentence of a stall in one line, ended by a line feed: "loopscope: loop node was blocked for 300 ms, ...".
/// Not limited in width: it is a line of a log.
std::string stall_line(const monitor::stall_record& record);

}  // namespace loopscope::watch
