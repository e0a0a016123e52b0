// SPDX-License-Identifier: MIT

#include "json_values.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <utility>

namespace loopscope {
namespace {

using json = nlohmann::ordered_json;
using std::chrono::nanoseconds;

json in_units_of(double unit_ns, std::optional<nanoseconds> time) {
  return time ? rounded(static_cast<double>(time->count()) / unit_ns) : json(nullptr);
}

}  // namespace

json text_or_null(std::string_view text) {
  return text.empty() ? json(nullptr) : json(text);
}

json rounded(std::optional<double> value) {
  return value && std::isfinite(*value) ? json(std::round(*value * 1e3) / 1e3) : json(nullptr);
}

json milliseconds(std::optional<nanoseconds> time) {
  return in_units_of(1e6, time);
}

json microseconds(std::optional<nanoseconds> time) {
  return in_units_of(1e3, time);
}

std::string timestamp(std::chrono::system_clock::time_point at) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(at);
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(at - whole).count();
  const std::time_t time = std::chrono::system_clock::to_time_t(whole);
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(ms));
  return std::string{date.data()} + fraction.data();
}

}  // namespace loopscope
