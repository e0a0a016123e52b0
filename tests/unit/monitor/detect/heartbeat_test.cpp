// SPDX-License-Identifier: MIT

#include "server/monitor/detect/heartbeat.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace loopscope::monitor {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

class heartbeat_test : public ::testing::Test {
 protected:
  bool woken() { return wake_->blocking_wait_until(steady::time_point{}); }

  const steady::time_point start_{1000s};
  const std::shared_ptr<wake_signal> wake_ = std::make_shared<wake_signal>();
  heartbeat heartbeat_{wake_};
};

TEST_F(heartbeat_test, is_taken_once_per_probe) {
  EXPECT_FALSE(heartbeat_.take_beat());
  heartbeat_.arm({});
  EXPECT_FALSE(heartbeat_.take_beat());
  const auto before = steady::now();
  heartbeat_.beat(::gettid());
  const auto beat = heartbeat_.take_beat();
  ASSERT_TRUE(beat);
  EXPECT_GE(beat->time, before);
  EXPECT_LE(beat->time, steady::now());
  EXPECT_FALSE(heartbeat_.take_beat());
}

TEST_F(heartbeat_test, identifies_the_thread_that_ran_the_probe) {
  heartbeat_.arm({});
  heartbeat_.beat(4711);
  EXPECT_EQ(heartbeat_.take_beat()->tid, 4711);
}

TEST_F(heartbeat_test, shows_how_long_the_loop_is_blocked_while_a_probe_is_outstanding) {
  EXPECT_EQ(heartbeat_.blocked_for(start_), 0ns);
  heartbeat_.arm(start_);
  EXPECT_EQ(heartbeat_.blocked_for(start_ + 30ms), 30ms);
  heartbeat_.beat(::gettid());
  EXPECT_EQ(heartbeat_.blocked_for(start_ + 60ms), 0ns);
  heartbeat_.arm(start_);
  heartbeat_.clear_blocked_since();
  EXPECT_EQ(heartbeat_.blocked_for(start_ + 60ms), 0ns);
}

TEST_F(heartbeat_test, shows_how_long_the_loop_was_blocked_from_the_moment_the_probe_has_run) {
  EXPECT_EQ(heartbeat_.last_blocked_for(start_), 0ns);
  const auto start = steady::now() - 30ms;
  heartbeat_.arm(start);
  EXPECT_EQ(heartbeat_.last_blocked_for(start + 20ms), 20ms);
  heartbeat_.beat(::gettid());
  const auto blocked = heartbeat_.last_blocked_for(steady::now() + 1h);
  EXPECT_GE(blocked, 30ms);
  EXPECT_LT(blocked, 30min);
  ASSERT_TRUE(heartbeat_.take_beat());
  EXPECT_EQ(heartbeat_.last_blocked_for(steady::now() + 1h), blocked);
  heartbeat_.clear_blocked_since();
  EXPECT_EQ(heartbeat_.last_blocked_for(steady::now()), 0ns);
}

TEST_F(heartbeat_test, wakes_the_watchdog_at_the_end_of_a_stall_only) {
  heartbeat_.arm({});
  heartbeat_.beat(::gettid());
  EXPECT_FALSE(woken());
  heartbeat_.arm(start_);
  heartbeat_.stall_began(1);
  heartbeat_.beat(::gettid());
  EXPECT_TRUE(woken());
  heartbeat_.stall_ended(start_);
  heartbeat_.beat(::gettid());
  EXPECT_FALSE(woken());
}

TEST_F(heartbeat_test, counts_the_requests_whose_wait_began_before_the_end_of_the_stall) {
  heartbeat_.arm(start_);
  heartbeat_.stall_began(7);
  EXPECT_EQ(heartbeat_.stall_to_blame(), 7U);
  heartbeat_.note_delayed(7, 90ms, start_ + 95ms);
  heartbeat_.stall_ended(start_ + 100ms);
  heartbeat_.note_delayed(7, 10ms, start_ + 110ms);
  heartbeat_.note_delayed(7, 9ms, start_ + 110ms);
  heartbeat_.note_delayed(7, 0ns, start_ + 100ms);
  heartbeat_.note_delayed(6, 90ms, start_ + 100ms);
  EXPECT_EQ(heartbeat_.delayed().count, 2U);
  EXPECT_EQ(heartbeat_.delayed().max, 90ms);
}

TEST_F(heartbeat_test, takes_the_beat_for_the_end_until_the_watchdog_has_stored_it) {
  heartbeat_.arm(start_);
  heartbeat_.stall_began(7);
  heartbeat_.beat(::gettid());
  const auto end = heartbeat_.take_beat()->time;
  heartbeat_.note_delayed(7, 10ms, end + 11ms);
  EXPECT_EQ(heartbeat_.delayed().count, 0U);
  heartbeat_.note_delayed(7, 10ms, end + 9ms);
  EXPECT_EQ(heartbeat_.delayed().count, 1U);
}

TEST_F(heartbeat_test, blames_no_stall_that_is_complete_and_counts_each_anew) {
  heartbeat_.arm(start_);
  heartbeat_.stall_began(7);
  heartbeat_.note_delayed(7, 90ms, start_);
  heartbeat_.stop_blaming();
  EXPECT_EQ(heartbeat_.stall_to_blame(), 0U);
  heartbeat_.note_delayed(7, 90ms, start_);
  EXPECT_EQ(heartbeat_.delayed().count, 1U);
  heartbeat_.stall_began(8);
  EXPECT_EQ(heartbeat_.delayed().count, 0U);
}

}  // namespace
}  // namespace loopscope::monitor
