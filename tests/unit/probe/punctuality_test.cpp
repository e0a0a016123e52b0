#include "load/probe/punctuality.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace loopscope::probe {
namespace {

TEST(punctuality, says_what_the_kernel_granted) {
  thread_scheduling granted{};
  int policy = -1;
  std::thread sender([&] {
    granted = make_punctual();
    policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
  });
  sender.join();
  EXPECT_EQ(policy, granted == thread_scheduling::fifo ? SCHED_FIFO : SCHED_OTHER);
}

TEST(punctuality, is_the_asking_threads_alone) {
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

}  // namespace
}  // namespace loopscope::probe
