// SPDX-License-Identifier: MIT

#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "server/monitor/snapshot.hpp"
#include "writers/write_report.hpp"

namespace loopscope::runs {

/// A finished write: the measurements of the writers and of the loop's monitor.
struct run_report {
  std::uint64_t run_id = 0;
  writers::write_report write;
  std::optional<monitor::window_figures> loop;  ///< while the write ran; nullopt: no monitor
};

/// The write report as clients get it. A figure that was not measured is null.
nlohmann::ordered_json to_json(const run_report& report);

}  // namespace loopscope::runs
