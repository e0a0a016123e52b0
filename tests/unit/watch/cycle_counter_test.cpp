// SPDX-License-Identifier: MIT

#include "server/watch/cycle_counter.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "server/watch/preload/monotonic_clock.hpp"

namespace loopscope::watch {
namespace {

constexpr std::int64_t max_late_ns = 1000;

TEST(thread_clock, without_a_scale_is_the_clock) {
  thread_clock clock;
  for (int i = 0; i < 1000; ++i) {
    const auto before = monotonic_ns();
    const auto now = clock.now();
    EXPECT_GE(now, before);
    EXPECT_LE(now, monotonic_ns());
  }
}

TEST(thread_clock, that_counts_cycles_keeps_to_the_clock) {
  const auto scale = blocking_measure_cycles();
  if (scale.max_cycles == 0) GTEST_SKIP() << "the CPU's counter is not even";
  EXPECT_NEAR(static_cast<double>(scale.max_cycles * scale.ns_per_cycle >> 32U), 100'000, 100);
  thread_clock clock{scale};
  for (int i = 0; i < 200'000; ++i) {
    const auto before = monotonic_ns();
    const auto now = clock.now();
    EXPECT_GE(now, before - max_late_ns);
    EXPECT_LE(now, monotonic_ns());
  }
}

TEST(thread_clock, reads_the_clock_where_the_counter_went_back_or_far_on) {
  thread_clock clock{{.max_cycles = 1, .ns_per_cycle = std::uint64_t{1} << 62U}};
  for (int i = 0; i < 2; ++i) {
    const auto before = monotonic_ns();
    const auto now = clock.now();
    EXPECT_GE(now, before);
    EXPECT_LE(now, monotonic_ns());
  }
}

TEST(thread_clock, does_not_count_on_from_a_reading_that_took_long) {
  constexpr std::uint64_t cycles_of_an_instruction = 4;
  thread_clock clock{{.max_cycles = 128 * cycles_of_an_instruction, .ns_per_cycle = std::uint64_t{1} << 50U}};
  for (int i = 0; i < 1000; ++i) {
    const auto before = monotonic_ns();
    const auto now = clock.now();
    EXPECT_GE(now, before);
    EXPECT_LE(now, monotonic_ns());
  }
}

}  // namespace
}  // namespace loopscope::watch
