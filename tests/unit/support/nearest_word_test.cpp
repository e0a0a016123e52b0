// SPDX-License-Identifier: MIT

#include "server/support/nearest_word.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace loopscope {
namespace {

const std::vector<std::string> commands{"serve", "write", "watch", "healthcheck"};

TEST(nearest_word, is_the_one_with_the_fewest_edits) {
  EXPECT_EQ(nearest_word("wach", commands), "watch");
  EXPECT_EQ(nearest_word("wathc", commands), "watch");
  EXPECT_EQ(nearest_word("wtach", commands), "watch");
  EXPECT_EQ(nearest_word("sreve", commands), "serve");
  EXPECT_EQ(nearest_word("healtcheck", commands), "healthcheck");
  EXPECT_EQ(nearest_word("write", commands), "write");
}

TEST(nearest_word, is_empty_when_none_is_close) {
  EXPECT_EQ(nearest_word("dance", commands), "");
  EXPECT_EQ(nearest_word("", commands), "");
  EXPECT_EQ(nearest_word("x", commands), "");
  EXPECT_EQ(nearest_word(std::string(1'000'000, 'w'), commands), "");
  EXPECT_EQ(nearest_word("watch", {}), "");
}

TEST(nearest_word, is_asked_for_in_a_sentence) {
  EXPECT_EQ(did_you_mean("wach", commands), " (did you mean watch?)");
  EXPECT_EQ(did_you_mean("dance", commands), "");
}

}  // namespace
}  // namespace loopscope
