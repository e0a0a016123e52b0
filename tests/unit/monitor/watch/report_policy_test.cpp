// SPDX-License-Identifier: MIT

#include "server/monitor/watch/report_policy.hpp"

#include <gtest/gtest.h>

namespace loopscope::monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class report_policy_test : public ::testing::Test {
 protected:
  report_policy::time_point at(milliseconds t) { return report_policy::time_point{} + seconds{100} + t; }
  // One whole stall: found at 25 ms, over at its end.
  int reports_of_stall(std::uint64_t id, std::uint64_t stack, milliseconds length, milliseconds when) {
    int reports = 0;
    for (milliseconds age{25}; age < length; age *= 2)
      reports += policy_.consider(id, stack, age, false, at(when + age)).report;
    last_ = policy_.consider(id, stack, length, true, at(when + length));
    return reports + last_.report;
  }

  report_policy policy_{100};
  report_policy::decision last_;
};

TEST_F(report_policy_test, reports_a_new_stack_when_found_and_at_its_end) {
  EXPECT_EQ(reports_of_stall(1, 7, milliseconds{40}, {}), 2);
}

TEST_F(report_policy_test, reports_a_lasting_stall_at_doubling_durations) {
  // 25, 50, 100, 200, 400, 800 and the end.
  EXPECT_EQ(reports_of_stall(1, 7, milliseconds{1000}, {}), 7);
}

TEST_F(report_policy_test, reports_once_per_stack_and_counts_repeats) {
  reports_of_stall(1, 7, milliseconds{40}, {});
  EXPECT_EQ(reports_of_stall(2, 7, milliseconds{45}, seconds{1}), 0);
  EXPECT_EQ(last_.repeats, 1U);
  EXPECT_EQ(reports_of_stall(3, 7, milliseconds{45}, seconds{2}), 0);
  EXPECT_EQ(last_.repeats, 2U);
}

TEST_F(report_policy_test, reports_a_repeat_that_lasts_twice_as_long_as_any_report_said) {
  reports_of_stall(1, 7, milliseconds{40}, {});
  EXPECT_EQ(reports_of_stall(2, 7, milliseconds{90}, seconds{1}), 1);
  EXPECT_EQ(reports_of_stall(3, 7, milliseconds{170}, seconds{2}), 0);
}

TEST_F(report_policy_test, tells_stacks_apart) {
  reports_of_stall(1, 7, milliseconds{40}, {});
  EXPECT_EQ(reports_of_stall(2, 8, milliseconds{40}, seconds{1}), 2);
  EXPECT_EQ(last_.repeats, 0U);
}

TEST_F(report_policy_test, holds_back_what_is_beyond_the_cap_and_tells_how_much) {
  policy_ = report_policy{2};
  EXPECT_EQ(reports_of_stall(1, 1, milliseconds{40}, {}), 2);
  EXPECT_EQ(reports_of_stall(2, 2, milliseconds{40}, seconds{1}), 0);
  EXPECT_EQ(reports_of_stall(3, 3, milliseconds{40}, seconds{2}), 0);
  EXPECT_EQ(policy_.suppressed(), 4U);
  const auto next = policy_.consider(4, 4, milliseconds{25}, false, at(minutes{2}));
  EXPECT_TRUE(next.report);
  EXPECT_EQ(next.suppressed, 4U);
  EXPECT_EQ(policy_.consider(4, 4, milliseconds{50}, false, at(minutes{2})).suppressed, 0U);
}

TEST_F(report_policy_test, forgets_a_stack_not_seen_for_ten_minutes) {
  reports_of_stall(1, 7, milliseconds{40}, {});
  EXPECT_EQ(reports_of_stall(2, 7, milliseconds{40}, minutes{11}), 2);
  EXPECT_EQ(last_.repeats, 0U);
}

TEST_F(report_policy_test, keeps_a_bounded_number_of_stacks) {
  policy_ = report_policy{100000};
  for (std::uint64_t stack = 1; stack <= 1000; ++stack) {
    reports_of_stall(stack, stack, milliseconds{30}, milliseconds{static_cast<int>(stack)});
  }
  // The first was dropped for newer ones, the last was not.
  EXPECT_EQ(reports_of_stall(1001, 1, milliseconds{30}, seconds{2}), 2);
  EXPECT_EQ(reports_of_stall(1002, 1000, milliseconds{30}, seconds{3}), 0);
}

}  // namespace
}  // namespace loopscope::monitor
