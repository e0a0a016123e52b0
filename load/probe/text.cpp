// SPDX-License-Identifier: MIT

#include "text.hpp"

#include <cstdio>

namespace loopscope::probe {

std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t from_end = 3; from_end < digits.size(); from_end += 4)
    digits.insert(digits.size() - from_end, 1, ',');
  return digits;
}

std::string with_decimals(double number, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, number);
  return text;
}

std::string duration_text(std::optional<double> us) {
  if (!us) return "n/a";
  if (*us < 9.95) return with_decimals(*us, 1) + " us";
  const double ms = *us / 1000;
  if (ms < 9.95) return with_decimals(ms, ms < 0.995 ? 2 : 1) + " ms";
  if (ms < 999.5) return with_decimals(ms, 0) + " ms";
  const double seconds = ms / 1000;
  if (seconds < 9.995) return with_decimals(seconds, 2) + " s";
  return with_decimals(seconds, seconds < 99.95 ? 1 : 0) + " s";
}

}  // namespace loopscope::probe
