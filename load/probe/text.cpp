#include "text.hpp"

#include <time.h>

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

std::string time_text(std::chrono::system_clock::time_point when) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch());
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(ms).count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
  char text[48];
  std::snprintf(text, sizeof text, "%s.%03dZ", date, static_cast<int>(ms.count() % 1000));
  return text;
}

}  // namespace loopscope::probe
