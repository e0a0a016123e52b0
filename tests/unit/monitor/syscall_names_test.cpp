#include "server/monitor/syscall_names.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace loopscope::monitor {
namespace {

TEST(syscall_names, know_blocking_calls_and_their_descriptors) {
  EXPECT_EQ(syscall_name(SYS_fsync), "fsync");
  EXPECT_TRUE(takes_descriptor(SYS_fsync));
  EXPECT_EQ(syscall_name(SYS_futex), "futex");
  EXPECT_FALSE(takes_descriptor(SYS_futex));
  EXPECT_EQ(syscall_name(9999), "syscall 9999");
  EXPECT_TRUE(is_event_wait(SYS_epoll_pwait));
  EXPECT_FALSE(is_event_wait(SYS_read));
}

}  // namespace
}  // namespace loopscope::monitor
