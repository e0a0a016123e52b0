// SPDX-License-Identifier: MIT

#include "server/monitor/explain/blocked_call.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace loopscope::monitor {
namespace {

TEST(system_calls, have_names_and_known_descriptors) {
  EXPECT_EQ(syscall_name(SYS_fsync), "fsync");
  EXPECT_TRUE(takes_descriptor(SYS_fsync));
  EXPECT_EQ(syscall_name(SYS_futex), "futex");
  EXPECT_FALSE(takes_descriptor(SYS_futex));
  EXPECT_EQ(syscall_name(9999), "syscall 9999");
}

}  // namespace
}  // namespace loopscope::monitor
