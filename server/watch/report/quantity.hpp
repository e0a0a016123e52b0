// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace loopscope::watch {

/// Quantities as people read them: two or three digits and a unit. What was not measured is "n/a".
/// The units are those of load/loopscope_load/units.py.

/// "950 ns", "3.1 us", "41 us", "0.15 ms", "2.3 ms", "912 ms", "1.32 s", "1,234 s", "12.5 h". At most 7 characters
/// below a year.
std::string duration_text(std::optional<std::chrono::nanoseconds> time);
/// "48,211"; from a million on "4.82 M".
std::string count_text(std::uint64_t count);
/// "1 stall", "48,211 stalls".
std::string count_text(std::uint64_t count, const std::string& noun);
/// "61 %", "0.4 %", "<0.1 %".
std::string percent_text(std::optional<double> share);

}  // namespace loopscope::watch
