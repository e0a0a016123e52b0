#pragma once

#include <string>

#include "server/monitor/stall_record.hpp"

namespace loopscope::app {

/// What to do about a stall that one of the writing methods caused; empty for others.
std::string advise(const monitor::stall_record& stall);

}  // namespace loopscope::app
