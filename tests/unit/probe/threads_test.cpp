// SPDX-License-Identifier: MIT

#include "load/probe/threads.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <boost/asio/post.hpp>
#include <stdexcept>
#include <thread>

namespace loopscope::probe {
namespace {

using namespace std::chrono_literals;

TEST(make_punctual, returns_what_the_kernel_granted) {
  thread_scheduling granted{};
  int policy = -1;
  std::thread sender([&] {
    granted = make_punctual();
    policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
  });
  sender.join();
  EXPECT_EQ(policy, granted == thread_scheduling::fifo ? SCHED_FIFO : SCHED_OTHER);
}

TEST(make_punctual, applies_to_the_calling_thread_only) {
  int policy = -1;
  std::thread sender([&] {
    make_punctual();
    std::thread started_by_it([&] { policy = sched_getscheduler(0); });
    started_by_it.join();
  });
  sender.join();
  EXPECT_EQ(policy, SCHED_OTHER);
  EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
}

TEST(progress, counts_what_is_due_completed_waiting_and_failed) {
  ledger account(3);
  for (int i = 0; i < 3; ++i) account.take(0s, 0s);
  account.completed(0, 1ms, 200, true);
  account.failed(1, 1ms, failure_cause::closed);
  EXPECT_EQ(progress_text(1500ms, 8s, account.live()), "1.5 of 8.0 s  3 due  1 completed  1 waiting  1 failed");
  account.completed(2, 1ms, 429, false);
  EXPECT_EQ(progress_text(2s, 8s, account.live()),
            "2.0 of 8.0 s  3 due  2 completed (1 unexpected)  0 waiting  1 failed");
  EXPECT_TRUE(progress_text(-5ms, 8s, account.live()).starts_with("0.0 of"));
}

TEST(sender_thread, runs_the_loop_and_reports_its_end) {
  asio::io_context loop{1};
  std::thread::id ran_on{};
  asio::post(loop, [&ran_on] { ran_on = std::this_thread::get_id(); });
  bool done = false;
  sender_thread sender(loop, [&done] { done = true; });
  sender.join();
  EXPECT_TRUE(done);
  EXPECT_NE(ran_on, std::this_thread::get_id());
}

TEST(sender_thread, passes_on_the_exception_that_ended_it) {
  asio::io_context loop{1};
  asio::post(loop, [] { throw std::runtime_error{"a bug"}; });
  sender_thread sender(loop, [] {});
  EXPECT_THROW(sender.join(), std::runtime_error);
}

}  // namespace
}  // namespace loopscope::probe
