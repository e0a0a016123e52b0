// SPDX-License-Identifier: MIT

#include "duration.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace loopscope {
namespace {

using std::chrono::microseconds;

constexpr std::array<std::pair<std::string_view, microseconds>, 4> units{{
    {"us", microseconds{1}},
    {"ms", std::chrono::milliseconds{1}},
    {"s", std::chrono::seconds{1}},
    {"min", std::chrono::minutes{1}},
}};
constexpr double max_us = 365.0 * 24 * 3600 * 1e6;

}  // namespace

std::optional<microseconds> parse_duration(std::string_view text, microseconds bare_unit) {
  double amount = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), amount, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(amount) || amount < 0) return std::nullopt;
  const std::string_view unit_name{end, static_cast<std::size_t>(text.end() - end)};
  std::optional<microseconds> unit;
  if (unit_name.empty()) unit = bare_unit;
  for (const auto& [name, size] : units)
    if (name == unit_name) unit = size;
  if (!unit) return std::nullopt;
  const double us = amount * static_cast<double>(unit->count());
  if (us > max_us) return std::nullopt;
  return microseconds{std::llround(us)};
}

}  // namespace loopscope
