#include "server/admin/buffer_trace.hpp"

#include <gtest/gtest.h>

namespace loopscope::admin {
namespace {

std::shared_ptr<runs::active_run> begin(runs::run_registry& registry, std::string_view method) {
  writers::write_request request;
  request.method = writers::find_method(method);
  request.count = 1000;
  return std::get<std::shared_ptr<runs::active_run>>(registry.begin(request, std::nullopt));
}

TEST(buffer_trace, is_absent_without_a_stream) {
  runs::run_registry registry{{}};
  const auto run = begin(registry, "sync");
  EXPECT_FALSE(blocking_trace_buffer(registry.active()));
}

TEST(buffer_trace, reads_how_full_the_buffer_is_at_growing_times) {
  runs::run_registry registry{{}};
  const auto other = begin(registry, "sync");
  const auto run = begin(registry, "stream");
  run->progress.pending(30, 240);
  const auto trace = blocking_trace_buffer(registry.active());
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->run, run->id);
  ASSERT_GT(trace->readings.size(), 1u);
  for (std::size_t i = 1; i < trace->readings.size(); ++i) {
    EXPECT_GT(trace->readings[i].after, trace->readings[i - 1].after);
    EXPECT_EQ(trace->readings[i].bytes, 240u);
  }
}

}  // namespace
}  // namespace loopscope::admin
