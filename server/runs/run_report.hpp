#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "writers/write_report.hpp"

namespace loopscope::runs {

/// What the loop's monitor saw while a write ran.
struct loop_figures {
  std::optional<std::chrono::nanoseconds> lag_p50, lag_p99, lag_max;
  std::uint64_t stalls = 0;
  std::optional<std::chrono::nanoseconds> longest_stall;  ///< absent without a stall
};

/// A finished write: the writers' measurements and the monitor's.
struct run_report {
  std::uint64_t run_id = 0;
  writers::write_report write;
  std::optional<loop_figures> loop;  ///< absent without a monitor
};

/// The write report as clients get it. What was not measured is null.
nlohmann::ordered_json to_json(const run_report& report);

}  // namespace loopscope::runs
