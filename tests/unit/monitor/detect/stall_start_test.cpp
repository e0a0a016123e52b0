// SPDX-License-Identifier: MIT

#include "server/monitor/detect/stall_start.hpp"

#include <gtest/gtest.h>

namespace loopscope::monitor {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(start_estimate, of_an_idle_loop_is_what_its_thread_used) {
  EXPECT_EQ(
      estimate_blocked({.since_alive = milliseconds{25}, .cpu = milliseconds{8}, .not_running_for = nanoseconds{0}}),
      milliseconds{8});
  EXPECT_EQ(estimate_blocked({.since_alive = milliseconds{25},
                              .cpu = milliseconds{8},
                              .queued = milliseconds{4},
                              .not_running_for = nanoseconds{0}}),
            milliseconds{12});
}

TEST(start_estimate, adds_the_sleep_that_goes_on) {
  EXPECT_EQ(estimate_blocked({.since_alive = milliseconds{25},
                              .cpu = milliseconds{3},
                              .asleep = true,
                              .not_running_for = milliseconds{9}}),
            milliseconds{12});
}

TEST(start_estimate, adds_the_time_since_a_busy_thread_was_preempted) {
  EXPECT_EQ(
      estimate_blocked({.since_alive = milliseconds{25}, .cpu = milliseconds{3}, .not_running_for = milliseconds{9}}),
      milliseconds{12});
}

TEST(start_estimate, is_half_way_for_a_woken_thread_that_has_not_run_yet) {
  EXPECT_EQ(
      estimate_blocked({.since_alive = milliseconds{25}, .cpu = microseconds{20}, .not_running_for = milliseconds{20}}),
      milliseconds{10} + microseconds{20});
}

TEST(start_estimate, is_half_way_for_a_sleep_of_unknown_length) {
  EXPECT_EQ(estimate_blocked({.since_alive = milliseconds{20}, .asleep = true, .not_running_for = {}}),
            milliseconds{10});
}

TEST(start_estimate, takes_off_what_the_loop_used_before_anyway) {
  // Usually half busy; 15 of 20 ms used: 10 ms of stall, and half of the 10 ms before it.
  const auto blocked = estimate_blocked(
      {.since_alive = milliseconds{20}, .cpu = milliseconds{15}, .not_running_for = nanoseconds{0}, .usual_busy = 0.5});
  EXPECT_NEAR(static_cast<double>(blocked.count()), 10e6, 1e3);
}

TEST(start_estimate, is_half_way_in_a_loop_that_is_always_busy) {
  EXPECT_EQ(estimate_blocked({.since_alive = milliseconds{10},
                              .cpu = milliseconds{10},
                              .not_running_for = nanoseconds{0},
                              .usual_busy = 1.0}),
            milliseconds{5});
}

TEST(start_estimate, does_not_believe_a_time_stamp_that_contradicts_the_cpu_time) {
  EXPECT_EQ(
      estimate_blocked({.since_alive = milliseconds{25}, .cpu = milliseconds{11}, .not_running_for = milliseconds{24}}),
      milliseconds{11});
  EXPECT_EQ(estimate_blocked({.since_alive = milliseconds{20},
                              .cpu = milliseconds{3},
                              .asleep = true,
                              .not_running_for = milliseconds{30}}),
            milliseconds{10});
}

TEST(start_estimate, never_leaves_the_span) {
  EXPECT_EQ(
      estimate_blocked({.since_alive = milliseconds{10}, .cpu = milliseconds{30}, .not_running_for = milliseconds{30}}),
      milliseconds{10});
  EXPECT_EQ(estimate_blocked({.since_alive = milliseconds{10},
                              .cpu = milliseconds{4},
                              .queued = milliseconds{8},
                              .not_running_for = nanoseconds{0}}),
            milliseconds{10});
  EXPECT_EQ(estimate_blocked({.since_alive = milliseconds{-1}, .cpu = milliseconds{30}, .not_running_for = {}}),
            nanoseconds{0});
  EXPECT_EQ(estimate_blocked({.since_alive = milliseconds{10}, .not_running_for = nanoseconds{0}, .usual_busy = 0.8}),
            nanoseconds{0});
}

}  // namespace
}  // namespace loopscope::monitor
