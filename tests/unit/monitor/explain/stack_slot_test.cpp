// SPDX-License-Identifier: MIT

#include "server/monitor/explain/stack_slot.hpp"

#include <gtest/gtest.h>

namespace loopscope::monitor {
namespace {

class stack_slot_test : public ::testing::Test {
 protected:
  stack_slot_test() { EXPECT_TRUE(slot_.try_reserve()); }

  stack_slot slot_;
};

TEST_F(stack_slot_test, holds_one_stack_until_it_is_taken) {
  const auto request = slot_.arm();
  ASSERT_TRUE(slot_.claim(request));
  slot_.content.frames = 3;
  EXPECT_FALSE(slot_.is_full());
  slot_.publish(request);
  EXPECT_TRUE(slot_.is_full());
  EXPECT_TRUE(slot_.blocking_wait_until_full(std::chrono::nanoseconds{0}));
  EXPECT_EQ(slot_.content.frames, 3U);
  slot_.give_up();
  EXPECT_FALSE(slot_.is_full());
}

TEST_F(stack_slot_test, is_claimed_once_per_request) {
  const auto request = slot_.arm();
  EXPECT_TRUE(slot_.claim(request));
  EXPECT_FALSE(slot_.claim(request));
}

TEST_F(stack_slot_test, is_not_claimed_by_the_signal_of_a_request_that_was_given_up) {
  const auto first = slot_.arm();
  slot_.give_up();
  EXPECT_FALSE(slot_.claim(first));
  const auto second = slot_.arm();
  EXPECT_FALSE(slot_.claim(first));
  EXPECT_TRUE(slot_.claim(second));
}

// The handler's thread may be stopped in the middle of the handler for any time.
TEST_F(stack_slot_test, may_be_given_up_while_the_handler_writes_and_is_used_again_when_it_has_finished) {
  const auto first = slot_.arm();
  ASSERT_TRUE(slot_.claim(first));
  slot_.give_up();
  EXPECT_EQ(slot_.arm(), 0U);
  slot_.publish(first);
  EXPECT_FALSE(slot_.is_full());
  const auto second = slot_.arm();
  EXPECT_NE(second, 0U);
  EXPECT_TRUE(slot_.claim(second));
}

TEST_F(stack_slot_test, that_is_released_while_the_handler_writes_is_free_when_it_has_finished) {
  const auto request = slot_.arm();
  ASSERT_TRUE(slot_.claim(request));
  slot_.give_up();
  slot_.release();
  EXPECT_FALSE(slot_.try_reserve());
  slot_.publish(request);
  EXPECT_TRUE(slot_.try_reserve());
  EXPECT_NE(slot_.arm(), 0U);
}

TEST_F(stack_slot_test, is_free_once_it_is_released) {
  EXPECT_FALSE(slot_.try_reserve());
  slot_.release();
  EXPECT_TRUE(slot_.try_reserve());
}

}  // namespace
}  // namespace loopscope::monitor
