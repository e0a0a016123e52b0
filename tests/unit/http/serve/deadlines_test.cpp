// SPDX-License-Identifier: MIT

#include "server/http/serve/deadlines.hpp"

#include <gtest/gtest.h>

namespace loopscope::http {
namespace {

using namespace std::chrono_literals;
const time_point start{};

TEST(deadlines, are_swept_often_enough_for_the_shortest) {
  limits bounds;
  EXPECT_EQ(sweep_period(bounds), 250ms);
  bounds.header_timeout = 100ms;
  EXPECT_EQ(sweep_period(bounds), 25ms);
  bounds.header_timeout = 1ms;
  EXPECT_EQ(sweep_period(bounds), 5ms);
}

TEST(deadline, expires_at_the_second_look) {
  deadline one;
  one.set(start + 10ms);
  EXPECT_FALSE(one.expired(start + 9ms));
  EXPECT_FALSE(one.expired(start + 10ms));
  EXPECT_TRUE(one.expired(start + 20ms));
}

TEST(deadline, forgets_having_been_overdue_when_set_again) {
  deadline one;
  one.set(start);
  EXPECT_FALSE(one.expired(start + 1ms));
  one.set(start + 5ms);
  EXPECT_FALSE(one.expired(start + 6ms));
  EXPECT_TRUE(one.expired(start + 7ms));
}

TEST(deadline, never_expires_unset) {
  deadline one;
  EXPECT_FALSE(one.expired(start + 10000h));
  EXPECT_FALSE(one.expired(start + 10000h));
}

TEST(sweep_policy, counts_sweeps_that_come_in_time) {
  sweep_policy policy(100ms);
  policy.start(start);
  EXPECT_EQ(policy.due(), start + 100ms);
  EXPECT_TRUE(policy.tick(start + 101ms));
  EXPECT_TRUE(policy.tick(start + 201ms));
}

TEST(sweep_policy, does_not_count_the_sweep_after_a_block) {
  sweep_policy policy(100ms);
  policy.start(start);
  EXPECT_FALSE(policy.tick(start + 5s));
  EXPECT_EQ(policy.due(), start + 5s + 100ms);
  EXPECT_TRUE(policy.tick(start + 5s + 100ms));
}

TEST(sweep_policy, loses_patience_with_a_loop_that_is_always_late) {
  sweep_policy policy(100ms);
  policy.start(start);
  auto now = start;
  int counted = 0;
  for (int i = 0; i < 32; ++i) counted += policy.tick(now += 1s) ? 1 : 0;
  EXPECT_GT(counted, 1);
  EXPECT_LT(counted, 10);
}

}  // namespace
}  // namespace loopscope::http
