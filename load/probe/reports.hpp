#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ledger.hpp"
#include "measurement.hpp"

namespace loopscope::probe {

/// Everything but the single requests; null where nothing was measured.
nlohmann::ordered_json to_json(const measurement& run);
/// The same as text; bytes of the trigger's answer that are not UTF-8 are replaced.
std::string json_text(const measurement& run);

/// What a person reads, at most 80 columns wide.
std::string table_text(const measurement& run);

/// One row a request, in the order of the schedule; microseconds from its start, empty where it did not happen.
/// `status` is the answer's, or why there was none; `expected` is empty where there was none.
void write_csv(std::ostream& out, const std::vector<request_record>& records);

/// Latencies as HdrHistogram's tools print and plot percentiles, in milliseconds, five lines for each halving of what
/// is left to 100%. Those of unexpected answers follow, each line after "#unexpected ".
void write_hgrm(std::ostream& out, const summary& sums);

}  // namespace loopscope::probe
