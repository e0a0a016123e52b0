// SPDX-License-Identifier: MIT

#pragma once

#include <nlohmann/json.hpp>

#include "server/monitor/stall_record.hpp"

namespace loopscope::records {

using json = nlohmann::ordered_json;

/// Stalls as JSON. What is not known is null. Names end in their unit: _ms, _us, _bytes.
///
/// The names are a contract with the dashboard and with users: tests/integration/service/admin_schema.json and
/// server/watch/report/watch.schema.json list them.

/// A stall as /stalls and `loopscope watch --json` show it.
json stall_json(const monitor::stall_record& stall);
/// A stall as /events shows it: enough to name it. started_monotonic_ms is on the same clock as the sample's
/// monotonic_ms, so that a reader can place the stall even if the system clock is set.
json stall_summary_json(const monitor::stall_record& stall);

}  // namespace loopscope::records
