#pragma once

#include "json_values.hpp"
#include "server/runs/run_registry.hpp"

namespace loopscope::admin {

/// A write under way. Its counters are read one by one while the run goes on: each is true, their sums may
/// not match.
json active_run_json(const runs::active_run& run);
json finished_run_json(const runs::finished_run& run);

}  // namespace loopscope::admin
