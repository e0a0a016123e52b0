// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace loopscope {

/// Parses "25ms", "10s", "500us", "2min", or a number without a unit in `bare_unit`; fractions are allowed. nullopt for
/// other text, negative durations and durations beyond a year.
std::optional<std::chrono::microseconds> parse_duration(std::string_view text, std::chrono::microseconds bare_unit);

}  // namespace loopscope
