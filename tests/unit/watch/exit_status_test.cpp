// SPDX-License-Identifier: MIT

#include "server/watch/exit_status.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include "server/watch/watched_command.hpp"

namespace loopscope::watch {
namespace {

TEST(exit_status, is_the_commands_own_code_or_128_and_the_signal) {
  EXPECT_EQ(exit_code({false, 0}), 0);
  EXPECT_EQ(exit_code({false, 255}), 255);
  EXPECT_EQ(exit_code({true, SIGINT}), 130);
  EXPECT_EQ(exit_code({true, SIGKILL}), 137);
}

TEST(exit_status, of_a_command_that_did_not_start_is_the_shells) {
  EXPECT_EQ(exit_code_of_exec_error(ENOENT), 127);
  EXPECT_EQ(exit_code_of_exec_error(ENOTDIR), 127);
  EXPECT_EQ(exit_code_of_exec_error(EACCES), 126);
  EXPECT_EQ(exit_code_of_exec_error(E2BIG), 126);
}

TEST(exit_status, comes_with_the_reason_in_the_shells_words) {
  EXPECT_EQ(blocking_exec_error_text("foo", ENOENT), "foo: not found");
  EXPECT_EQ(blocking_exec_error_text("", ENOENT), "'': not found");
  EXPECT_EQ(blocking_exec_error_text("/", EACCES), "/: is a directory");
  EXPECT_EQ(blocking_exec_error_text("/etc/passwd", EACCES), "/etc/passwd: Permission denied");
  EXPECT_EQ(blocking_exec_error_text("/etc/passwd", ENOENT), "/etc/passwd: its interpreter or loader is not found");
}

}  // namespace
}  // namespace loopscope::watch
