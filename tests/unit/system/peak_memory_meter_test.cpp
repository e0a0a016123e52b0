// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "writers/system/process.hpp"

namespace loopscope::system {
namespace {

constexpr std::size_t ballast_bytes = 64 * 1024 * 1024;

void touch_and_free_ballast() {
  const auto ballast = std::make_unique<char[]>(ballast_bytes);
  std::memset(ballast.get(), 1, ballast_bytes);
  // The compiler may not see through this: the pages are really written.
  asm volatile("" ::"r"(ballast.get()) : "memory");
}

class peak_memory : public ::testing::Test {
 protected:
  void SetUp() override {
    peak_memory_meter::span span{meter_};
    if (!span.blocking_end().peak_bytes) GTEST_SKIP() << "this kernel does not reset VmHWM";
  }

  peak_memory_meter meter_;
};

TEST_F(peak_memory, of_a_span_shows_what_was_freed_in_it) {
  peak_memory_meter::span span{meter_};
  touch_and_free_ballast();
  const auto figures = span.blocking_end();
  EXPECT_GE(*figures.peak_bytes, *figures.before_bytes + ballast_bytes / 2);
}

TEST_F(peak_memory, of_a_span_does_not_show_what_came_before) {
  touch_and_free_ballast();
  peak_memory_meter::span span{meter_};
  const auto figures = span.blocking_end();
  EXPECT_LT(*figures.peak_bytes, *figures.before_bytes + ballast_bytes / 2);
}

TEST_F(peak_memory, of_an_outer_span_survives_the_start_of_another) {
  peak_memory_meter::span outer{meter_};
  touch_and_free_ballast();
  peak_memory_meter::span inner{meter_};
  const auto inner_figures = inner.blocking_end();
  const auto outer_figures = outer.blocking_end();
  EXPECT_GE(*outer_figures.peak_bytes, *outer_figures.before_bytes + ballast_bytes / 2);
  EXPECT_LT(*inner_figures.peak_bytes, *inner_figures.before_bytes + ballast_bytes / 2);
}

}  // namespace
}  // namespace loopscope::system
