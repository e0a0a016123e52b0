// SPDX-License-Identifier: MIT

#pragma once

#include <cstdint>
#include <string>

namespace loopscope::testing {

/// The text of the records 0 to count-1, built in the simplest way.
inline std::string expected_records(std::uint64_t count) {
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) text += " " + std::to_string(i) + " ";
  return text;
}

}  // namespace loopscope::testing
