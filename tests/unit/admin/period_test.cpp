#include "server/admin/period.hpp"

#include <gtest/gtest.h>

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;

const period::time_point start{1h};

TEST(period, is_due_once_a_period) {
  period each{100ms, start};
  EXPECT_FALSE(each.due(start + 99ms));
  EXPECT_TRUE(each.due(start + 100ms));
  EXPECT_FALSE(each.due(start + 199ms));
  EXPECT_TRUE(each.due(start + 200ms));
}

TEST(period, being_late_does_not_move_the_times_after) {
  period each{100ms, start};
  EXPECT_TRUE(each.due(start + 130ms));
  EXPECT_EQ(each.next(), start + 200ms);
}

TEST(period, missed_times_are_not_made_up_for) {
  period each{100ms, start};
  EXPECT_TRUE(each.due(start + 1050ms));
  EXPECT_FALSE(each.due(start + 1060ms));
  EXPECT_EQ(each.next(), start + 1100ms);
}

}  // namespace
}  // namespace loopscope::admin
