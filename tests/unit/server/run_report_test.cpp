// SPDX-License-Identifier: MIT

#include "server/runs/run_report.hpp"

#include <gtest/gtest.h>

namespace loopscope::runs {
namespace {

using namespace std::chrono_literals;

monitor::window_figures figures(std::uint64_t stalls, std::optional<std::chrono::nanoseconds> longest_stall) {
  monitor::window_figures window;
  window.corrected.p50 = 1us;
  window.corrected.p99 = 20us;
  window.corrected.max = 3ms;
  window.stalls = stalls;
  window.longest_stall = longest_stall;
  return window;
}

run_report some_report() {
  run_report report;
  report.run_id = 7;
  report.write.method = writers::find_method("stream");
  report.write.count = 1000;
  report.write.bytes = 4890;
  report.write.completed = 2ms;
  report.write.queued = 1500us;
  return report;
}

TEST(run_report, gives_times_in_their_units) {
  const auto json = to_json(some_report());
  EXPECT_EQ(json["timing_ms"]["completed"], 2.0);
  EXPECT_EQ(json["timing_ms"]["queued"], 1.5);
  EXPECT_EQ(json["throughput"]["records_per_s"], 500'000.0);
  EXPECT_EQ(json["throughput"]["bytes_per_s"], 2'445'000.0);
}

TEST(run_report, says_null_for_what_was_not_measured) {
  const auto json = to_json(some_report());
  EXPECT_TRUE(json["timing_ms"]["durable"].is_null());
  EXPECT_TRUE(json["memory"]["rss_peak_bytes"].is_null());
  EXPECT_TRUE(json["loop"].is_null());
  EXPECT_TRUE(json["page_cache"]["cached_bytes"].is_null());
  EXPECT_TRUE(json["content"]["complete"].is_null());
  EXPECT_EQ(json["content"]["checked"], false);
}

TEST(run_report, has_no_rate_for_a_write_that_took_no_time) {
  run_report report = some_report();
  report.write.completed = 0ns;
  EXPECT_TRUE(to_json(report)["throughput"]["records_per_s"].is_null());
}

TEST(run_report, shows_what_the_monitor_saw) {
  run_report report = some_report();
  report.loop = figures(2, 947ms);
  const auto json = to_json(report);
  EXPECT_EQ(json["loop"]["lag_p99_us"], 20.0);
  EXPECT_EQ(json["loop"]["longest_stall_ms"], 947.0);
  EXPECT_EQ(json["loop"]["stalls"], 2);
}

TEST(run_report, has_no_longest_stall_where_none_was_seen) {
  run_report report = some_report();
  report.loop = figures(0, std::nullopt);
  const auto json = to_json(report);
  EXPECT_EQ(json["loop"]["stalls"], 0);
  EXPECT_TRUE(json["loop"]["longest_stall_ms"].is_null());
}

}  // namespace
}  // namespace loopscope::runs
