// SPDX-License-Identifier: MIT

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "sample.hpp"
#include "server/monitor/snapshot.hpp"
#include "server/records/stall_json.hpp"
#include "server/runs/run_registry.hpp"
#include "server/support/json_values.hpp"

namespace loopscope::admin {

using json = nlohmann::ordered_json;

/// The JSON of the admin plane. What is not known is null. Names end in their unit: _ms, _us, _bytes.
///
/// The names are a contract with the dashboard and with users: tests/integration/service/admin_schema.json lists them.

// The JSON of stalls is that of `loopscope watch` too.
using records::stall_json;
using records::stall_summary_json;

/// Lag percentiles of one distribution, in microseconds.
json lag_json(const monitor::lag_figures& lag);
/// A loop as /loop shows it: since its monitor started, and in the last complete window of about a second. A loop that
/// counts its turns has "turns", one of another process has "pid".
json loop_json(std::string_view name, const monitor::snapshot& figures,
               const std::optional<monitor::window_figures>& last_second, std::optional<pid_t> pid = {});

/// A running write. Its counters are read one after the other while it runs, so they may not add up.
json active_run_json(const runs::active_run& run);
json finished_run_json(const runs::finished_run& ended);

/// One event of /events.
json sample_json(const sample& sample);

}  // namespace loopscope::admin
