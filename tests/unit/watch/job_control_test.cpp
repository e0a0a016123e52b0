// SPDX-License-Identifier: MIT

#include "server/watch/job_control.hpp"

#include <gtest/gtest.h>

namespace loopscope::watch {
namespace {

constexpr pid_t command = 100;
constexpr pid_t somebody = 7;

TEST(job_control, passes_on_what_somebody_sends_to_the_watcher) {
  for (const int each : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP})
    EXPECT_EQ(use_of_signal(each, SI_USER, somebody, command), signal_use::pass_on) << each;
  EXPECT_EQ(use_of_signal(SIGTERM, SI_QUEUE, somebody, command), signal_use::pass_on);
}

TEST(job_control, drops_what_the_terminal_sends_since_the_command_has_it_too) {
  for (const int each : {SIGINT, SIGQUIT, SIGHUP, SIGTTOU})
    EXPECT_EQ(use_of_signal(each, SI_KERNEL, 0, command), signal_use::drop) << each;
}

TEST(job_control, looks_for_a_new_stop_when_the_terminal_sends_one) {
  EXPECT_EQ(use_of_signal(SIGTSTP, SI_KERNEL, 0, command), signal_use::look_for_new_stop);
}

TEST(job_control, returns_no_signal_to_the_command_that_sent_it) {
  EXPECT_EQ(use_of_signal(SIGTERM, SI_USER, command, command), signal_use::drop);
}

TEST(job_control, looks_at_the_command_when_it_or_the_watcher_changes) {
  EXPECT_EQ(use_of_signal(SIGCHLD, CLD_EXITED, command, command), signal_use::look_at_command);
  EXPECT_EQ(use_of_signal(SIGCONT, SI_USER, somebody, command), signal_use::look_at_command);
}

}  // namespace
}  // namespace loopscope::watch
