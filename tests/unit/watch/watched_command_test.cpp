// SPDX-License-Identifier: MIT

#include "server/watch/watched_command.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "writers/system/proc_file.hpp"

namespace loopscope::watch {
namespace {

char state_of(pid_t process) {
  return system::parse_stat_state(system::proc_file("/proc/" + std::to_string(process) + "/stat").read());
}

// The stalls of a command that was killed are kept, so how it ended must be known until they are complete.
TEST(watched_command, shows_how_it_ended_until_it_is_destroyed) {
  auto started =
      watched_command::blocking_start({"/bin/sh", "-c", "kill -KILL $$"}, current_environment(), start_conditions{});
  ASSERT_TRUE(started);
  auto& command = **started;
  while (!command.blocking_wait_for_change(std::chrono::steady_clock::now() + std::chrono::seconds{1})) {
  }
  EXPECT_TRUE(command.ended()->by_signal);
  const auto pid = command.pid();
  EXPECT_EQ(state_of(pid), 'Z');
  started->reset();
  EXPECT_EQ(state_of(pid), '\0');
}

}  // namespace
}  // namespace loopscope::watch
