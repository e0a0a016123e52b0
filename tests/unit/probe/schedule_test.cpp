// SPDX-License-Identifier: MIT

#include "load/probe/schedule.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace loopscope::probe {
namespace {

using namespace std::chrono_literals;

std::vector<schedule::time> all_of(schedule plan) {
  std::vector<schedule::time> times;
  for (; plan.next(); plan.advance()) times.push_back(*plan.next());
  return times;
}

TEST(schedule, uniform_is_due_every_interval_from_zero_and_never_at_the_end) {
  EXPECT_EQ(all_of({schedule_kind::uniform, 4, 1s, 1}), (std::vector<schedule::time>{0ms, 250ms, 500ms, 750ms}));
}

TEST(schedule, uniform_does_not_drift_at_a_rate_that_does_not_divide_a_second) {
  const auto times = all_of({schedule_kind::uniform, 3, 1000s, 1});
  EXPECT_EQ(times.size(), 3000u);
  EXPECT_EQ(times[2997], 999s);
}

TEST(schedule, a_duration_below_one_interval_has_one_request) {
  EXPECT_EQ(all_of({schedule_kind::uniform, 1, 10ms, 1}).size(), 1u);
}

TEST(schedule, poisson_keeps_the_rate_and_varies_the_gaps) {
  const auto times = all_of({schedule_kind::poisson, 1000, 100s, 1});
  EXPECT_NEAR(static_cast<double>(times.size()), 100'000, 5 * std::sqrt(100'000));
  std::size_t short_gaps = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    ASSERT_GE(times[i], times[i - 1]);
    if (times[i] - times[i - 1] < 1ms) ++short_gaps;
  }
  // Of exponential gaps, 1 - 1/e are below the mean.
  EXPECT_NEAR(static_cast<double>(short_gaps) / static_cast<double>(times.size()), 1 - std::exp(-1), 0.01);
}

TEST(schedule, poisson_is_the_same_for_the_same_seed_only) {
  const auto times = all_of({schedule_kind::poisson, 100, 1s, 7});
  EXPECT_EQ(times, all_of({schedule_kind::poisson, 100, 1s, 7}));
  EXPECT_NE(times, all_of({schedule_kind::poisson, 100, 1s, 8}));
}

}  // namespace
}  // namespace loopscope::probe
