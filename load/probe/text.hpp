#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace loopscope::probe {

/// 1234567 as "1,234,567".
std::string with_commas(std::uint64_t number);

std::string with_decimals(double number, int decimals);

/// A length of time with two or three figures and a unit: "0.9 us", "0.31 ms", "412 ms", "1.02 s"; "n/a" for nothing.
std::string duration_text(std::optional<double> us);

/// RFC 3339 in UTC with milliseconds.
std::string time_text(std::chrono::system_clock::time_point when);

}  // namespace loopscope::probe
