// SPDX-License-Identifier: MIT

#include "writers/system/thread.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <chrono>

namespace loopscope::system {
namespace {

bool blocks(int signal) {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return ::sigismember(&mask, signal) == 1;
}

TEST(thread, without_signals_blocks_them_and_its_starter_does_not) {
  ASSERT_FALSE(blocks(SIGTERM));
  bool blocked_there = false;
  start_thread_without_signals([&blocked_there] { blocked_there = blocks(SIGTERM) && blocks(SIGINT); }).join();
  EXPECT_TRUE(blocked_there);
  EXPECT_FALSE(blocks(SIGTERM));
}

TEST(thread, with_short_slices_keeps_its_policy_and_does_not_pass_them_on) {
  int policy = -1;
  int policy_of_child = -1;
  bool granted = false;
  start_thread_without_signals([&] {
    granted = request_short_time_slice();
    policy = ::sched_getscheduler(0);
    start_thread_without_signals([&] { policy_of_child = ::sched_getscheduler(0); }).join();
  }).join();
  if (!granted) GTEST_SKIP() << "this kernel or its sandbox refuses sched_setattr";
  EXPECT_EQ(policy, SCHED_OTHER | SCHED_RESET_ON_FORK);
  EXPECT_EQ(policy_of_child, SCHED_OTHER);
}

TEST(thread, with_short_slices_has_the_usual_one_during_work_that_lasts) {
  std::chrono::nanoseconds before{0};
  std::chrono::nanoseconds asked{0};
  std::chrono::nanoseconds during{0};
  std::chrono::nanoseconds after{0};
  start_thread_without_signals([&] {
    before = time_slice();
    request_short_time_slice();
    asked = time_slice();
    {
      const usual_time_slice lasting;
      during = time_slice();
    }
    after = time_slice();
  }).join();
  if (asked == before) GTEST_SKIP() << "this kernel or its sandbox knows no time slice of a thread";
  EXPECT_LT(asked, before);
  EXPECT_EQ(during, before);
  EXPECT_EQ(after, asked);
}

TEST(thread, that_has_not_asked_for_short_slices_keeps_its_scheduling_during_work_that_lasts) {
  int policy = -1;
  start_thread_without_signals([&policy] {
    const usual_time_slice lasting;
    policy = ::sched_getscheduler(0);
  }).join();
  EXPECT_EQ(policy, SCHED_OTHER);
}

}  // namespace
}  // namespace loopscope::system
