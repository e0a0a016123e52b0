// SPDX-License-Identifier: MIT

#include "server/metrics/write_counters.hpp"

#include <gtest/gtest.h>

#include "families_text.hpp"

namespace loopscope::metrics {
namespace {

using namespace std::chrono_literals;
using runs::outcome;
using testing::value_of;
using writers::back_end;
const writers::method& method(std::string_view name) {
  return *writers::find_method(name);
}

TEST(write_counters, every_combination_that_can_happen_is_there_from_the_start) {
  const auto families = write_counters{}.families();
  EXPECT_EQ(families[0].metric.size(), 9u * 3);
  EXPECT_EQ(value_of(families, R"(loopscope_writes_total{method="sync",io="none",outcome="failed"})"), "0");
  EXPECT_EQ(value_of(families, R"(loopscope_writes_total{method="stream",io="uring",outcome="completed"})"), "0");
  EXPECT_EQ(value_of(families, R"(loopscope_writes_total{method="sync",io="threads",outcome="failed"})"), "");
}

TEST(write_counters, counts_by_method_back_end_and_outcome) {
  write_counters writes;
  writes.count(method("stream"), back_end::uring, outcome::completed, 300ms);
  writes.count(method("stream"), back_end::threads, outcome::cancelled, 300ms);
  const auto families = writes.families();
  EXPECT_EQ(value_of(families, R"(loopscope_writes_total{method="stream",io="uring",outcome="completed"})"), "1");
  EXPECT_EQ(value_of(families, R"(loopscope_writes_total{method="stream",io="threads",outcome="cancelled"})"), "1");
  EXPECT_EQ(value_of(families, R"(loopscope_writes_total{method="stream",io="threads",outcome="completed"})"), "0");
}

TEST(write_counters, a_method_without_a_back_end_counts_once_whatever_was_asked) {
  write_counters writes;
  writes.count(method("sync"), back_end::uring, outcome::completed, 1s);
  writes.count(method("sync"), back_end::threads, outcome::completed, 1s);
  EXPECT_EQ(value_of(writes.families(), R"(loopscope_writes_total{method="sync",io="none",outcome="completed"})"), "2");
}

TEST(write_counters, only_completed_writes_have_a_duration) {
  write_counters writes;
  writes.count(method("promise"), back_end::threads, outcome::completed, 2s);
  writes.count(method("promise"), back_end::threads, outcome::failed, 7s);
  const auto families = writes.families();
  const std::string series = R"({method="promise",io="threads"})";
  EXPECT_EQ(value_of(families, "loopscope_write_duration_seconds_count" + series), "1");
  EXPECT_EQ(value_of(families, "loopscope_write_duration_seconds_sum" + series), "2");
}

}  // namespace
}  // namespace loopscope::metrics
