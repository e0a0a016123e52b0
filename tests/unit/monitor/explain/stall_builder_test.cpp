// SPDX-License-Identifier: MIT

#include "server/monitor/explain/stall_builder.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace loopscope::monitor::testing
