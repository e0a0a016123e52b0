// SPDX-License-Identifier: MIT

#pragma once

#include <prometheus/text_serializer.h>

#include <sstream>
#include <string>
#include <vector>

#include "server/metrics/families.hpp"

namespace loopscope::metrics::testing {

inline std::string text_of(const std::vector<family>& families) {
  return prometheus::TextSerializer{}.Serialize(families);
}

/// The value of a series in the text; empty without the series.
inline std::string value_of(const std::string& text, const std::string& series) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
  return {};
}

inline std::string value_of(const std::vector<family>& families, const std::string& series) {
  return value_of(text_of(families), series);
}

}  // namespace loopscope::metrics::testing
