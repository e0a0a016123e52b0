// SPDX-License-Identifier: MIT

#include "writers/methods/record.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/expected_records.hpp"

namespace loopscope::writers {
namespace {

std::string text_of(const record& each) {
  return {reinterpret_cast<const char*>(each.bytes().data()), each.bytes().size()};
}

TEST(record, is_a_space_the_number_and_a_space) {
  EXPECT_EQ(text_of(record{0}), " 0 ");
  EXPECT_EQ(text_of(record{999'999}), " 999999 ");
}

TEST(record, holds_the_largest_number) {
  EXPECT_EQ(text_of(record{std::numeric_limits<std::uint64_t>::max()}), " 18446744073709551615 ");
}

TEST(record, can_be_formatted_again_with_a_shorter_number) {
  record each{123456};
  each.format(7);
  EXPECT_EQ(text_of(each), " 7 ");
}

TEST(total_bytes, equals_the_length_of_the_text) {
  for (const std::uint64_t count : {1u, 9u, 10u, 11u, 99u, 100u, 101u, 1000u, 12345u})
    EXPECT_EQ(total_bytes(count), testing::expected_records(count).size()) << count;
}

TEST(total_bytes, is_the_articles_figure_for_a_million) {
  EXPECT_EQ(total_bytes(1'000'000), 7'888'890u);
}

TEST(total_bytes, does_not_overflow_on_the_way) {
  EXPECT_EQ(total_bytes(100'000'000), 988'888'890u);
}

}  // namespace
}  // namespace loopscope::writers
