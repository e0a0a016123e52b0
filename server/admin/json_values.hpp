#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/response.hpp"

namespace loopscope::admin {

using json = nlohmann::ordered_json;

/// Values as clients of the admin plane get them: what is not known is null, never 0 or an empty string.

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

inline json text_or_null(std::string_view text) {
  return text.empty() ? json(nullptr) : json(text);
}

/// Three decimals.
json rounded(std::optional<double> value);
json milliseconds(std::optional<std::chrono::nanoseconds> time);
json microseconds(std::optional<std::chrono::nanoseconds> time);

/// RFC 3339 in UTC with milliseconds: 2026-01-31T09:05:01.250Z.
std::string timestamp(std::chrono::system_clock::time_point at);

/// One line. Text that is not UTF-8 (a client's query, a path) is shown with replacement characters.
std::string to_text(const json& value);

/// Indented for people, and never cached: the figures are of now.
http::response json_answer(const json& value);
http::response text_answer(std::string text, unsigned status = 200);

}  // namespace loopscope::admin
