#pragma once

#include "json_values.hpp"
#include "server/monitor/stall_record.hpp"

namespace loopscope::admin {

/// A stall as /stalls shows it.
json stall_json(const monitor::stall_record& stall);

/// What /events tells of a stall: enough to name it; the rest is at /stalls.
json stall_summary_json(const monitor::stall_record& stall);

}  // namespace loopscope::admin
