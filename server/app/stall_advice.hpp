// SPDX-License-Identifier: MIT

#pragma once

#include <string>

#include "server/monitor/stall_record.hpp"

namespace loopscope::app {

/// Advice for a stall that a write method caused; empty for other stalls.
std::string advise(const monitor::stall_record& stall);

}  // namespace loopscope::app
