#pragma once

#include <optional>
#include <string_view>

#include "json_values.hpp"
#include "server/monitor/snapshot.hpp"

namespace loopscope::admin {

/// Lag percentiles of one distribution, in microseconds.
json lag_json(const monitor::lag_figures& lag);

/// A loop as /loop shows it: since the monitor started, and the last complete window of about a second.
json loop_json(std::string_view name, const monitor::snapshot& figures,
               const std::optional<monitor::window_figures>& last_second);

}  // namespace loopscope::admin
