#include "server/metrics/loop_families.hpp"

#include <gtest/gtest.h>

#include "families_text.hpp"

namespace loopscope::metrics {
namespace {

using namespace std::chrono_literals;
using testing::value_of;

constexpr std::size_t on_cpu = static_cast<std::size_t>(monitor::verdict::on_cpu);

/// A snapshot with one sample of that lag; its buckets are cumulative.
monitor::snapshot with_lag(std::chrono::nanoseconds lag) {
  monitor::snapshot figures;
  auto& corrected = figures.total.corrected;
  corrected.count = 1;
  corrected.sum = lag;
  for (std::size_t i = 0; i < corrected.buckets.size(); ++i)
    corrected.buckets[i] = seconds(lag) <= monitor::lag_bounds_s[i];
  return figures;
}

TEST(loop_families, there_is_a_series_for_every_verdict_from_the_start) {
  loop_families families;
  const auto text = testing::text_of(families.collect({{"io-0", {}}}));
  for (const auto* verdict : {"on_cpu", "off_cpu", "run_queue", "throttled", "descheduled"})
    EXPECT_EQ(value_of(text, std::string{R"(loopscope_loop_stalls_total{loop="io-0",verdict=")"} + verdict + "\"}"),
              "0");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stalled_seconds{loop="io-0"})"), "0");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_bucket{loop="io-0",le="+Inf"})"), "0");
}

TEST(loop_families, lag_comes_from_the_monitors_buckets) {
  loop_families families;
  const auto text = testing::text_of(families.collect({{"io-0", with_lag(3ms)}}));
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_bucket{loop="io-0",le="0.0025"})"), "0");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_bucket{loop="io-0",le="0.005"})"), "1");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_count{loop="io-0"})"), "1");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_sum{loop="io-0"})"), "0.003");
}

TEST(loop_families, the_stall_in_progress_is_a_gauge_and_part_of_the_time_lost) {
  loop_families families;
  monitor::snapshot figures;
  figures.by_verdict[on_cpu] = {2, 500ms};
  figures.stalled_for = 250ms;
  const auto text = testing::text_of(families.collect({{"io-0", figures}}));
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stalled_seconds{loop="io-0"})"), "0.25");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stall_seconds_total{loop="io-0"})"), "0.75");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stalls_total{loop="io-0",verdict="on_cpu"})"), "2");
}

TEST(loop_families, no_bucket_falls_while_a_stall_grows_out_of_it) {
  loop_families families;
  families.collect({{"io-0", with_lag(40ms)}});
  const auto text = testing::text_of(families.collect({{"io-0", with_lag(60ms)}}));
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_bucket{loop="io-0",le="0.05"})"), "1");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_bucket{loop="io-0",le="+Inf"})"), "1");
}

TEST(loop_families, the_time_lost_does_not_fall_when_a_stall_proves_shorter) {
  loop_families families;
  monitor::snapshot during;
  during.stalled_for = 300ms;
  families.collect({{"io-0", during}});
  monitor::snapshot after;
  after.by_verdict[on_cpu] = {1, 299ms};
  const auto text = testing::text_of(families.collect({{"io-0", after}}));
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stall_seconds_total{loop="io-0"})"), "0.3");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stalled_seconds{loop="io-0"})"), "0");
}

TEST(loop_families, loops_are_kept_apart) {
  loop_families families;
  const auto text = testing::text_of(families.collect({{"io-0", with_lag(3ms)}, {"io-1", {}}}));
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_count{loop="io-0"})"), "1");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_count{loop="io-1"})"), "0");
}

}  // namespace
}  // namespace loopscope::metrics
