// SPDX-License-Identifier: MIT

#include "server/admin/sample.hpp"

#include <gtest/gtest.h>

#include "tests/support/write_requests.hpp"

namespace loopscope::admin {
namespace {

std::shared_ptr<runs::active_run> begin_write(runs::run_registry& registry, std::string_view method) {
  return std::get<std::shared_ptr<runs::active_run>>(
      registry.begin(loopscope::testing::request_of(method), std::nullopt));
}

TEST(buffer_trace, there_is_none_without_a_stream) {
  runs::run_registry registry{{}};
  const auto run = begin_write(registry, "sync");
  EXPECT_FALSE(blocking_trace_buffer(registry.active()));
}

TEST(buffer_trace, reads_the_buffer_of_the_stream_at_increasing_times) {
  runs::run_registry registry{{}};
  const auto other = begin_write(registry, "sync");
  const auto run = begin_write(registry, "stream");
  run->progress.pending(30, 240);
  const auto trace = blocking_trace_buffer(registry.active());
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->run, run->id);
  ASSERT_EQ(trace->readings.size(), 64u);
  for (std::size_t i = 1; i < trace->readings.size(); ++i) {
    EXPECT_GT(trace->readings[i].after, trace->readings[i - 1].after);
    EXPECT_EQ(trace->readings[i].bytes, 240u);
  }
}

}  // namespace
}  // namespace loopscope::admin
