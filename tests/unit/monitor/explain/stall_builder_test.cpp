// SPDX-License-Identifier: MIT

#include "server/monitor/explain/stall_builder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace loopscope::monitor::testing {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;
using wall_clock = std::chrono::system_clock;

stall_builder found_at(const clock_reading& found, steady::time_point start) {
  return {7, start, found, time_breakdown(start, {}, {}), ""};
}

TEST(a_stall_case, keeps_its_start_when_the_system_clock_is_set) {
  // Found under a system clock of 1970; by the time that the case is described the clock is of this century.
  const clock_reading found{steady::now(), wall_clock::time_point{10h}};
  const auto stall = found_at(found, found.steady - 40ms);
  const auto first = stall.build({}, true);
  const auto last = stall.build({}, false);
  EXPECT_EQ(first.started, wall_clock::time_point{10h - 40ms});
  EXPECT_EQ(last.started, first.started);
}

TEST(a_stall_case, tells_its_start_on_both_clocks) {
  const auto found = clock_reading::now();
  const auto record = found_at(found, found.steady - 40ms).build({}, true);
  EXPECT_EQ(found.steady - record.started_steady, 40ms);
  EXPECT_EQ(found.system - record.started, 40ms);
}

explanation found_stack(std::vector<stack_frame> stack) {
  explanation found;
  found.stack = std::move(stack);
  return found;
}

const stack_frame in_runtime{.function = "v8::internal::JSDate::CurrentTimeValue", .file = {}};
const stack_frame in_script{.function = "compute", .file = "/home/user/server.js", .line = 9, .is_jit = true};
const stack_frame in_loop{.function = "uv_run", .file = {}};

std::string culprit_of(const stall_builder& builder) {
  const auto record = builder.build({}, false);
  return record.culprit ? record.stack[*record.culprit].function : "";
}

TEST(a_stall_case, takes_the_first_stack_with_a_culprit_for_one_that_ended_early) {
  auto builder = found_at(clock_reading::now(), steady::now());
  builder.add_explanation(found_stack({in_runtime}));
  EXPECT_EQ(culprit_of(builder), "");
  builder.add_explanation(found_stack({in_runtime, in_script, in_loop}));
  EXPECT_EQ(culprit_of(builder), "compute");
  EXPECT_TRUE(builder.build({}, false).other_culprits.empty());
}

TEST(a_stall_case, keeps_a_whole_stack_without_a_culprit_until_others_are_the_rule) {
  auto builder = found_at(clock_reading::now(), steady::now());
  builder.add_explanation(found_stack({in_runtime, in_loop}));
  for (int i = 0; i < 2; ++i) builder.add_explanation(found_stack({in_runtime, in_script, in_loop}));
  EXPECT_EQ(culprit_of(builder), "");
  builder.add_explanation(found_stack({in_runtime, in_script, in_loop}));
  EXPECT_EQ(culprit_of(builder), "compute");
}

}  // namespace
}  // namespace loopscope::monitor::testing
