// SPDX-License-Identifier: MIT

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace loopscope::probe {

/// 1234567 as "1,234,567".
std::string with_commas(std::uint64_t number);

std::string with_decimals(double number, int decimals);

/// A duration in microseconds with two or three digits and a unit: "0.9 us", "0.31 ms", "412 ms", "1.02 s"; "n/a" for
/// nullopt.
std::string duration_text(std::optional<double> us);

}  // namespace loopscope::probe
