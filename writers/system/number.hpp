// SPDX-License-Identifier: MIT

#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace loopscope::system {

/// The number that is the whole of `text`. Errors: nullopt for an empty text, any other character (a sign that the
/// type does not have, a space, an exponent of a whole number) and a value that does not fit the type.
template <std::integral Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) noexcept {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

/// The same for a fixed-point decimal number: digits with an optional decimal point.
template <std::floating_point Number>
std::optional<Number> parse_number(std::string_view text) noexcept {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

}  // namespace loopscope::system
