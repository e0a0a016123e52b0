#include "server/routes/load_shedding.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace loopscope::routes {
namespace {

using namespace std::chrono_literals;

TEST(load_shedding, turns_writes_away_above_the_threshold_only) {
  const auto shed_one = shed(50ms, 51ms);
  ASSERT_TRUE(shed_one);
  EXPECT_EQ(shed_one->status, 503u);
  EXPECT_TRUE(std::ranges::any_of(shed_one->headers, [](const auto& each) { return each.first == "Retry-After"; }));
  EXPECT_NE(shed_one->body.find("\"lag_ms\":51.0"), std::string::npos);
  EXPECT_FALSE(shed(50ms, 50ms));
  EXPECT_FALSE(shed(50ms, 0ms));
}

TEST(load_shedding, is_off_unless_asked_for) {
  EXPECT_FALSE(shed(std::nullopt, 10s));
}

TEST(load_shedding, never_turns_away_without_a_fresh_measurement) {
  EXPECT_FALSE(shed(50ms, std::nullopt));
}

}  // namespace
}  // namespace loopscope::routes
