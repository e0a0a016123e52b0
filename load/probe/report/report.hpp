// SPDX-License-Identifier: MIT

#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "load/probe/ledger.hpp"
#include "load/probe/run.hpp"

namespace loopscope::probe {

/// All results except the single requests; null for a figure that was not measured.
nlohmann::ordered_json to_json(const run_result& result);
/// The same as text. Bytes of the trigger's response that are not UTF-8 are replaced.
std::string json_text(const run_result& result);

/// A table for people, at most 80 columns wide.
std::string table_text(const run_result& result);

/// One row for each request, in the order of the schedule. Times are microseconds from its start, empty if the event
/// did not happen. `status`: that of the response, or the reason why there is none; `expected` is then empty.
void write_csv(std::ostream& out, const std::vector<request_record>& records);

/// Latencies in the percentile format of HdrHistogram's tools, in milliseconds, with five lines for each halving of the
/// distance to 100%. Those of unexpected responses follow, with "#unexpected " before each line.
void write_hgrm(std::ostream& out, const summary& sums);

}  // namespace loopscope::probe
