// SPDX-License-Identifier: MIT

#include "server/watch/report/quantity.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace loopscope::watch {
namespace {

using namespace std::chrono_literals;

TEST(duration_text, has_two_or_three_digits_and_the_fitting_unit) {
  EXPECT_EQ(duration_text(950ns), "950 ns");
  EXPECT_EQ(duration_text(3us), "3.0 us");
  EXPECT_EQ(duration_text(41us), "41 us");
  EXPECT_EQ(duration_text(150us), "0.15 ms");
  EXPECT_EQ(duration_text(2'340us), "2.3 ms");
  EXPECT_EQ(duration_text(25ms), "25 ms");
  EXPECT_EQ(duration_text(912'400us), "912 ms");
  EXPECT_EQ(duration_text(1'318ms), "1.32 s");
  EXPECT_EQ(duration_text(62s), "62.0 s");
  EXPECT_EQ(duration_text(1'234s), "1,234 s");
  EXPECT_EQ(duration_text(24h), "24.0 h");
}

TEST(duration_text, rounds_up_into_the_next_unit) {
  EXPECT_EQ(duration_text(9'960ns), "10 us");
  EXPECT_EQ(duration_text(99'600ns), "0.10 ms");
  EXPECT_EQ(duration_text(9'960us), "10 ms");
  EXPECT_EQ(duration_text(999'600us), "1.00 s");
  EXPECT_EQ(duration_text(9'996ms), "10.0 s");
}

TEST(duration_text, is_zero_only_for_zero_and_absent_where_nothing_was_measured) {
  EXPECT_EQ(duration_text(0ns), "0 ms");
  EXPECT_EQ(duration_text(1ns), "1 ns");
  EXPECT_EQ(duration_text(std::nullopt), "n/a");
}

TEST(count_text, groups_digits_and_shortens_from_a_million_on) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(48'211), "48,211");
  EXPECT_EQ(count_text(999'999), "999,999");
  EXPECT_EQ(count_text(1'204'117), "1.20 M");
  EXPECT_EQ(count_text(999'600'000), "1.00 G");
  EXPECT_EQ(count_text(std::numeric_limits<std::uint64_t>::max()), "18.4 E");
  EXPECT_EQ(count_text(1, "stall"), "1 stall");
  EXPECT_EQ(count_text(2'000, "stall"), "2,000 stalls");
}

TEST(percent_text, never_rounds_some_time_to_none) {
  EXPECT_EQ(percent_text(0), "0 %");
  EXPECT_EQ(percent_text(0.00002), "<0.1 %");
  EXPECT_EQ(percent_text(0.031), "3.1 %");
  EXPECT_EQ(percent_text(0.612), "61 %");
  EXPECT_EQ(percent_text(1), "100 %");
  EXPECT_EQ(percent_text(std::nullopt), "n/a");
  EXPECT_EQ(percent_text(std::numeric_limits<double>::quiet_NaN()), "n/a");
}

}  // namespace
}  // namespace loopscope::watch
