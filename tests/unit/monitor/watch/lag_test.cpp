// SPDX-License-Identifier: MIT

#include "server/monitor/watch/lag.hpp"

#include <gtest/gtest.h>

namespace loopscope::monitor {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

void expect_within_2_percent(std::optional<nanoseconds> actual, nanoseconds expected) {
  ASSERT_TRUE(actual);
  EXPECT_GE(*actual, expected);
  EXPECT_LE((*actual - expected).count() * 100, expected.count() * 2);
}

TEST(lag_histogram, has_no_figures_before_the_first_sample) {
  const auto f = lag_histogram{}.figures();
  EXPECT_EQ(f.count, 0U);
  EXPECT_FALSE(f.p50);
  EXPECT_FALSE(f.p999);
  EXPECT_FALSE(f.max);
}

TEST(lag_histogram, gives_percentiles_within_two_percent_from_microseconds_to_minutes) {
  for (const nanoseconds scale :
       {nanoseconds{microseconds{2}}, nanoseconds{milliseconds{3}}, nanoseconds{milliseconds{900}}}) {
    lag_histogram h;
    for (int i = 1; i <= 100; ++i) h.record(scale * i);
    const auto f = h.figures();
    expect_within_2_percent(f.p50, scale * 50);
    expect_within_2_percent(f.p90, scale * 90);
    expect_within_2_percent(f.p99, scale * 99);
    EXPECT_EQ(f.max, scale * 100);
    EXPECT_EQ(f.p999, scale * 100);
    EXPECT_EQ(f.sum, scale * 5050);
    EXPECT_EQ(f.count, 100U);
  }
}

TEST(lag_histogram, keeps_what_lies_outside_its_cells) {
  lag_histogram h;
  h.record(nanoseconds{-5});
  h.record(nanoseconds{0});
  h.record(seconds{1000});
  EXPECT_EQ(h.figures().count, 3U);
  EXPECT_LE(*h.percentile(0.5), microseconds{1});
  EXPECT_EQ(h.percentile(1.0), seconds{1000});
}

TEST(lag_histogram, counts_a_sample_in_every_bucket_at_or_above_it) {
  lag_histogram h;
  h.record(milliseconds{25});
  h.record(milliseconds{26});
  const auto f = h.figures();
  for (std::size_t i = 0; i < lag_bounds_s.size(); ++i) {
    const std::uint64_t expected = lag_bounds_s[i] < 0.025 ? 0 : lag_bounds_s[i] < 0.026 ? 1 : 2;
    EXPECT_EQ(f.buckets[i], expected) << lag_bounds_s[i];
  }
}

// Probes every 25 ms during a stall of 1 s would measure 1000, 975, ..., 25 ms.
TEST(lag_histogram, fills_in_the_probes_that_a_stall_kept_from_being_posted) {
  lag_histogram h;
  h.record_corrected(seconds{1}, milliseconds{25});
  const auto f = h.figures();
  EXPECT_EQ(f.count, 40U);
  EXPECT_EQ(f.sum, milliseconds{25} * (40 * 41 / 2));
  expect_within_2_percent(f.p50, milliseconds{500});
}

TEST(lag_histogram, fills_them_in_as_if_each_had_been_recorded) {
  for (const auto lag : {nanoseconds{1'234'567'891}, nanoseconds{250'000'000}, nanoseconds{123'456'789'123}}) {
    for (const auto interval : {nanoseconds{25'000'000}, nanoseconds{1'000'003}}) {
      lag_histogram together;
      together.record_corrected(lag, interval);
      lag_histogram singly;
      for (auto each = lag; each == lag || each >= interval; each -= interval) singly.record(each);
      const auto expected = singly.figures();
      const auto f = together.figures();
      EXPECT_EQ(f.count, expected.count);
      EXPECT_EQ(f.sum, expected.sum);
      EXPECT_EQ(f.max, expected.max);
      EXPECT_EQ(f.buckets, expected.buckets);
      for (const double quantile : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999})
        EXPECT_EQ(together.percentile(quantile), singly.percentile(quantile)) << quantile;
    }
  }
}

TEST(lag_histogram, takes_a_stop_of_a_year_as_well) {
  lag_histogram h;
  h.record_corrected(std::chrono::hours{24 * 365}, milliseconds{25});
  EXPECT_EQ(h.figures().count, 365U * 24 * 3600 * 40);
  EXPECT_EQ(h.figures().sum, nanoseconds::max());
}

TEST(lag_histogram, does_not_correct_a_lag_shorter_than_the_interval) {
  lag_histogram h;
  h.record_corrected(milliseconds{24}, milliseconds{25});
  EXPECT_EQ(h.figures().count, 1U);
}

constexpr recent_lag::time_point start{1000s};

TEST(recent_lag, is_unknown_before_the_first_measurement) {
  EXPECT_FALSE(recent_lag{}.max(start));
}

TEST(recent_lag, is_the_maximum_of_the_last_second) {
  recent_lag lag;
  lag.add(start, 2ms);
  lag.add(start + 50ms, 80ms);
  lag.add(start + 150ms, 1ms);
  EXPECT_EQ(lag.max(start + 200ms), 80ms);
  EXPECT_EQ(lag.max(start + 900ms), 80ms);
}

TEST(recent_lag, forgets_what_is_older_and_keeps_what_is_not) {
  recent_lag lag;
  lag.add(start, 80ms);
  lag.add(start + 500ms, 1ms);
  EXPECT_EQ(lag.max(start + 1100ms), 1ms);
}

TEST(recent_lag, is_unknown_when_no_measurement_is_recent) {
  recent_lag lag;
  lag.add(start, 80ms);
  EXPECT_FALSE(lag.max(start + 2s));
}

TEST(recent_lag, reuses_a_slot_after_a_second) {
  recent_lag lag;
  lag.add(start, 80ms);
  lag.add(start + 1s, 3ms);  // the same slot
  EXPECT_EQ(lag.max(start + 1s), 3ms);
}

}  // namespace
}  // namespace loopscope::monitor
