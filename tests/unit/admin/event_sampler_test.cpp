// SPDX-License-Identifier: MIT

#include "server/admin/event_sampler.hpp"

#include <gtest/gtest.h>

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;

const periodic_timer::time_point start{1h};

TEST(periodic_timer, is_due_once_per_period) {
  periodic_timer timer{100ms, start};
  EXPECT_FALSE(timer.poll(start + 99ms));
  EXPECT_TRUE(timer.poll(start + 100ms));
  EXPECT_FALSE(timer.poll(start + 199ms));
  EXPECT_TRUE(timer.poll(start + 200ms));
}

TEST(periodic_timer, a_late_poll_does_not_move_the_next_times) {
  periodic_timer timer{100ms, start};
  EXPECT_TRUE(timer.poll(start + 130ms));
  EXPECT_EQ(timer.next(), start + 200ms);
}

TEST(periodic_timer, missed_times_are_skipped) {
  periodic_timer timer{100ms, start};
  EXPECT_TRUE(timer.poll(start + 1050ms));
  EXPECT_FALSE(timer.poll(start + 1060ms));
  EXPECT_EQ(timer.next(), start + 1100ms);
}

}  // namespace
}  // namespace loopscope::admin
