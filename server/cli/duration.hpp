#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace loopscope::cli {

/// "25ms", "10s", "500us", "2min", or a bare number in `unit_when_bare`; fractions are allowed. Nothing for other text,
/// negative or beyond a year.
std::optional<std::chrono::microseconds> parse_duration(std::string_view text,
                                                        std::chrono::microseconds unit_when_bare);

}  // namespace loopscope::cli
