// SPDX-License-Identifier: MIT

#include "load/probe/text.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace loopscope::probe {
namespace {

TEST(text, durations_keep_two_or_three_figures_across_the_units) {
  for (const auto& [us, text] : std::initializer_list<std::pair<double, const char*>>{{0.9, "0.9 us"},
                                                                                      {9.94, "9.9 us"},
                                                                                      {40, "0.04 ms"},
                                                                                      {999, "1.0 ms"},
                                                                                      {9'960, "10 ms"},
                                                                                      {999'400, "999 ms"},
                                                                                      {999'600, "1.00 s"},
                                                                                      {9'996'000, "10.0 s"},
                                                                                      {99'960'000, "100 s"}}) {
    EXPECT_EQ(duration_text(us), text);
  }
  EXPECT_EQ(duration_text(std::nullopt), "n/a");
}

TEST(text, numbers_have_commas) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(12345678), "12,345,678");
}

}  // namespace
}  // namespace loopscope::probe
