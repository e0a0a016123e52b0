// SPDX-License-Identifier: MIT

#include "server/watch/command_environment.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace loopscope::watch {
namespace {

const environment_request request{"/lib/w.so", "/proc/1/fd/3", true};

bool has(const environment& variables, const std::string& entry) {
  return std::ranges::find(variables, entry) != variables.end();
}

TEST(command_environment, adds_the_library_the_map_and_what_runtimes_need_for_names) {
  const auto made = make_command_environment({"HOME=/root"}, request);
  const environment added{"LD_PRELOAD=/lib/w.so", "LOOPSCOPE_WATCH_MAP=/proc/1/fd/3",
                          "NODE_OPTIONS=--perf-basic-prof-only-functions --interpreted-frames-native-stack",
                          "PYTHONPERFSUPPORT=1"};
  EXPECT_EQ(made.added, added);
  for (const auto& each : added) EXPECT_TRUE(has(made.variables, each)) << each;
  EXPECT_TRUE(has(made.variables, "HOME=/root"));
  EXPECT_EQ(made.variables.size(), 5u);
}

TEST(command_environment, keeps_what_the_variables_held_before) {
  const auto made = make_command_environment(
      {"LD_PRELOAD=/a.so /b.so", "NODE_OPTIONS=--max-old-space-size=64", "PYTHONPERFSUPPORT=0", "LD_PRELOADED=x"},
      request);
  EXPECT_TRUE(has(made.variables, "LD_PRELOAD=/lib/w.so:/a.so /b.so"));
  EXPECT_TRUE(
      has(made.variables,
          "NODE_OPTIONS=--max-old-space-size=64 --perf-basic-prof-only-functions --interpreted-frames-native-stack"));
  EXPECT_TRUE(has(made.variables, "PYTHONPERFSUPPORT=0"));
  EXPECT_TRUE(has(made.variables, "LD_PRELOADED=x"));
  EXPECT_TRUE(has(made.added, "LD_PRELOAD=/lib/w.so"));
}

TEST(command_environment, replaces_the_map_of_a_watcher_around_it_and_repeats_no_flag) {
  const auto made =
      make_command_environment({"LOOPSCOPE_WATCH_MAP=/proc/9/fd/9",
                                "NODE_OPTIONS=--perf-basic-prof-only-functions --interpreted-frames-native-stack"},
                               request);
  EXPECT_FALSE(has(made.variables, "LOOPSCOPE_WATCH_MAP=/proc/9/fd/9"));
  EXPECT_TRUE(has(made.variables, "NODE_OPTIONS=--perf-basic-prof-only-functions --interpreted-frames-native-stack"));
  EXPECT_EQ(made.added.size(), 3u);
}

TEST(command_environment, leaves_the_runtimes_alone_when_asked) {
  const auto made = make_command_environment({"NODE_OPTIONS=--title=x"}, {"/lib/w.so", "/proc/1/fd/3", false});
  EXPECT_TRUE(has(made.variables, "NODE_OPTIONS=--title=x"));
  EXPECT_EQ(made.added.size(), 2u);
  EXPECT_EQ(made.variables.size(), 3u);
}

}  // namespace
}  // namespace loopscope::watch
