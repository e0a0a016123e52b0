#pragma once

#include <cstdint>
#include <string>

namespace loopscope::testing {

/// The articles' text of records 0 .. count-1, made the slow and obvious way.
inline std::string expected_records(std::uint64_t count) {
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) text += " " + std::to_string(i) + " ";
  return text;
}

}  // namespace loopscope::testing
