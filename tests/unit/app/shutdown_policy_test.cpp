// SPDX-License-Identifier: MIT

#include "server/app/shutdown_policy.hpp"

#include <gtest/gtest.h>

namespace loopscope::app {
namespace {

using event = shutdown_policy::event;
using action = shutdown_policy::action;

TEST(shutdown_policy, drains_at_the_first_signal_and_leaves_when_drained) {
  shutdown_policy policy;
  EXPECT_EQ(policy.on(event::signal), action::drain);
  EXPECT_EQ(policy.on(event::drained), action::leave);
}

TEST(shutdown_policy, cancels_what_is_left_when_the_grace_is_over) {
  shutdown_policy policy;
  policy.on(event::signal);
  EXPECT_EQ(policy.on(event::grace_over), action::cancel);
  EXPECT_EQ(policy.on(event::drained), action::leave);
}

TEST(shutdown_policy, leaves_without_what_cannot_be_cancelled) {
  shutdown_policy policy;
  policy.on(event::signal);
  policy.on(event::grace_over);
  EXPECT_EQ(policy.on(event::cancel_over), action::leave_at_once);
}

TEST(shutdown_policy, leaves_at_once_at_the_second_signal) {
  shutdown_policy policy;
  policy.on(event::signal);
  EXPECT_EQ(policy.on(event::signal), action::leave_at_once);
}

TEST(shutdown_policy, ignores_a_timer_that_comes_too_late) {
  shutdown_policy policy;
  policy.on(event::signal);
  policy.on(event::drained);
  EXPECT_EQ(policy.on(event::grace_over), action::none);
  EXPECT_EQ(policy.on(event::cancel_over), action::none);
}

}  // namespace
}  // namespace loopscope::app
