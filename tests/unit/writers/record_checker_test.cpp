// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include <string_view>

#include "tests/support/expected_records.hpp"
#include "writers/run/verify.hpp"

namespace loopscope::writers {
namespace {

content_figures check(std::string_view text, std::uint64_t count) {
  record_checker checker{count};
  checker.feed(std::as_bytes(std::span{text.data(), text.size()}));
  return checker.finish();
}

TEST(record_checker, accepts_what_the_articles_write) {
  const auto figures = check(testing::expected_records(12'345), 12'345);
  EXPECT_TRUE(figures.complete);
  EXPECT_TRUE(figures.in_order);
  EXPECT_EQ(figures.out_of_order_records, 0u);
  EXPECT_EQ(figures.first_out_of_order, std::nullopt);
}

TEST(record_checker, gives_the_same_answer_byte_by_byte) {
  const std::string text = testing::expected_records(120);
  record_checker checker{120};
  for (const char& c : text) checker.feed(std::as_bytes(std::span{&c, 1}));
  EXPECT_TRUE(checker.finish().in_order);
}

TEST(record_checker, tells_disorder_from_loss) {
  const auto figures = check(" 0  2  1  3 ", 4);
  EXPECT_TRUE(figures.complete);
  EXPECT_FALSE(figures.in_order);
  EXPECT_EQ(figures.out_of_order_records, 1u);
  EXPECT_EQ(figures.first_out_of_order, 1u);
}

TEST(record_checker, counts_every_record_behind_a_larger_one) {
  EXPECT_EQ(check(" 3  0  1  2 ", 4).out_of_order_records, 3u);
}

TEST(record_checker, notices_a_lost_record) {
  EXPECT_FALSE(check(" 0  1  3 ", 4).complete);
}

TEST(record_checker, notices_a_lost_last_record) {
  EXPECT_FALSE(check(" 0  1  2 ", 4).complete);
}

TEST(record_checker, notices_a_record_written_twice) {
  EXPECT_FALSE(check(" 0  1  1  3 ", 4).complete);
}

TEST(record_checker, notices_a_record_too_many) {
  EXPECT_FALSE(check(" 0  1  2 ", 2).complete);
}

TEST(record_checker, notices_a_torn_record) {
  EXPECT_FALSE(check(" 0  1 1  2 ", 12).complete);
  EXPECT_FALSE(check(" 0  1  2", 3).complete);
  EXPECT_FALSE(check(" 0   1 ", 2).complete);
}

TEST(record_checker, notices_text_that_is_no_record) {
  EXPECT_FALSE(check(" 0  x ", 2).complete);
  EXPECT_FALSE(check(" 0  01 ", 2).complete);
  EXPECT_FALSE(check(" 0  99999999999999999999999 ", 2).complete);
}

}  // namespace
}  // namespace loopscope::writers
