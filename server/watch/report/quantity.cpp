// SPDX-License-Identifier: MIT

#include "quantity.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace loopscope::watch {
namespace {

constexpr const char* not_measured = "n/a";

std::string decimal(double value, int decimals) {
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%.*f", decimals, value);
  return out.data();
}

std::string grouped(std::uint64_t number) {
  auto out = std::to_string(number);
  for (auto at = out.size(); at > 3;) out.insert(at -= 3, 1, ',');
  return out;
}

std::string seconds_text(double s) {
  if (s < 9.995) return decimal(s, 2) + " s";
  if (s < 99.95) return decimal(s, 1) + " s";
  if (s < 9999.5) return grouped(static_cast<std::uint64_t>(std::lround(s))) + " s";
  const auto hours = s / 3600;
  return hours < 99.95 ? decimal(hours, 1) + " h" : grouped(static_cast<std::uint64_t>(std::lround(hours))) + " h";
}

}  // namespace

std::string duration_text(std::optional<std::chrono::nanoseconds> time) {
  if (!time) return not_measured;
  const auto ns = static_cast<double>(time->count());
  if (ns <= 0) return "0 ms";
  if (ns < 999.5) return decimal(ns, 0) + " ns";
  if (ns < 9'950) return decimal(ns / 1e3, 1) + " us";
  if (ns < 99'500) return decimal(ns / 1e3, 0) + " us";
  if (ns < 995e3) return decimal(ns / 1e6, 2) + " ms";
  if (ns < 9.95e6) return decimal(ns / 1e6, 1) + " ms";
  if (ns < 999.5e6) return decimal(ns / 1e6, 0) + " ms";
  return seconds_text(ns / 1e9);
}

std::string count_text(std::uint64_t count) {
  if (count < 1'000'000) return grouped(count);
  constexpr std::array<const char*, 5> units{" M", " G", " T", " P", " E"};
  auto value = static_cast<double>(count) / 1e6;
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < units.size(); ++unit) value /= 1e3;
  return decimal(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0) + units[unit];
}

std::string count_text(std::uint64_t count, const std::string& noun) {
  return count_text(count) + ' ' + noun + (count == 1 ? "" : "s");
}

std::string percent_text(std::optional<double> share) {
  if (!share || !std::isfinite(*share)) return not_measured;
  const auto percent = *share * 100;
  if (percent <= 0) return "0 %";
  if (percent < 0.05) return "<0.1 %";
  return decimal(percent, percent < 9.95 ? 1 : 0) + " %";
}

}  // namespace loopscope::watch
