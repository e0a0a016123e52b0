#pragma once

#include "json_values.hpp"
#include "server/monitor/stall_record.hpp"

namespace loopscope::admin {

/// A stall as /stalls shows it.
json stall_json(const monitor::stall_record& stall);

/// What /events tells of a stall: enough to name it; the rest is at /stalls. started_monotonic_ms is on the clock of
/// the sample's monotonic_ms, so that a reader can place the stall even if the system clock is set.
json stall_summary_json(const monitor::stall_record& stall);

}  // namespace loopscope::admin
