// SPDX-License-Identifier: MIT

#include "writers/system/number.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace loopscope::system {
namespace {

TEST(parse_number, reads_the_whole_text) {
  EXPECT_EQ(parse_number<std::uint64_t>("0"), 0U);
  EXPECT_EQ(parse_number<std::uint64_t>("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(parse_number<int>("-7"), -7);
  EXPECT_EQ(parse_number<std::uint64_t>("ff", 16), 255U);
  EXPECT_EQ(parse_number<double>("2.5"), 2.5);
}

TEST(parse_number, refuses_anything_else) {
  for (const auto* text : {"", " ", "+1", "-1", " 1", "1 ", "1e3", "0x1", "1.0", "one", "18446744073709551616"})
    EXPECT_EQ(parse_number<std::uint64_t>(text), std::nullopt) << '"' << text << '"';
  EXPECT_EQ(parse_number<std::uint16_t>("65536"), std::nullopt);
  for (const auto* text : {"", "1e3", "1.5x", "."}) EXPECT_EQ(parse_number<double>(text), std::nullopt) << text;
}

}  // namespace
}  // namespace loopscope::system
