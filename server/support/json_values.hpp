// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace loopscope {

/// Values as JSON. A value that is not known is null, never 0 or an empty string.

template <class T>
nlohmann::ordered_json or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json text_or_null(std::string_view text);
/// Three decimals; null if the value is not finite.
nlohmann::ordered_json rounded(std::optional<double> value);
nlohmann::ordered_json milliseconds(std::optional<std::chrono::nanoseconds> time);
nlohmann::ordered_json microseconds(std::optional<std::chrono::nanoseconds> time);
/// RFC 3339 in UTC with milliseconds: 2026-01-31T09:05:01.250Z.
std::string timestamp(std::chrono::system_clock::time_point at);

}  // namespace loopscope
