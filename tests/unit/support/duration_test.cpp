// SPDX-License-Identifier: MIT

#include "server/support/duration.hpp"

#include <gtest/gtest.h>

namespace loopscope {
namespace {

using namespace std::chrono_literals;

TEST(duration, has_a_unit_or_is_a_number_in_the_given_unit) {
  EXPECT_EQ(parse_duration("25ms", 1s), 25ms);
  EXPECT_EQ(parse_duration("1.5s", 1ms), 1500ms);
  EXPECT_EQ(parse_duration("2min", 1ms), 2min);
  EXPECT_EQ(parse_duration("7", 1s), 7s);
  EXPECT_EQ(parse_duration("7", 1ms), 7ms);
}

TEST(duration, is_no_other_text) {
  for (const char* text : {"", "ms", "-1s", "1h30", "1e9", "nan", "inf", "99999999999s", "1 s"})
    EXPECT_EQ(parse_duration(text, 1s), std::nullopt) << text;
}

}  // namespace
}  // namespace loopscope
