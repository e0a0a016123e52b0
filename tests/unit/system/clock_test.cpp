// SPDX-License-Identifier: MIT

#include "writers/system/clock.hpp"

#include <gtest/gtest.h>

namespace loopscope::system {
namespace {

TEST(clock, adds_seconds_and_nanoseconds) {
  EXPECT_EQ(to_nanoseconds({2, 500'000'000}), std::chrono::nanoseconds{2'500'000'000});
}

TEST(clock, of_the_thread_advances_while_it_computes) {
  const auto before = read_clock(CLOCK_THREAD_CPUTIME_ID);
  auto now = before;
  while (now == before) now = read_clock(CLOCK_THREAD_CPUTIME_ID);
  EXPECT_GT(now, before);
}

}  // namespace
}  // namespace loopscope::system
