// SPDX-License-Identifier: MIT

#include "server/monitor/prometheus.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace loopscope::monitor {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t on_cpu = static_cast<std::size_t>(verdict::on_cpu);

/// The value of a series in the text; empty without the series.
std::string value_of(const std::string& text, const std::string& series) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
  return {};
}

/// A snapshot with one sample of that lag; its buckets are cumulative.
snapshot with_lag(std::chrono::nanoseconds lag) {
  snapshot figures;
  auto& corrected = figures.total.corrected;
  corrected.count = 1;
  corrected.sum = lag;
  for (std::size_t i = 0; i < corrected.buckets.size(); ++i)
    corrected.buckets[i] = std::chrono::duration<double>(lag).count() <= lag_bounds_s[i];
  return figures;
}

TEST(prometheus_exporter, there_is_a_series_for_every_verdict_from_the_start) {
  prometheus_exporter exporter;
  const auto text = exporter.text({{"io-0", {}}});
  for (const auto* verdict : {"on_cpu", "off_cpu", "run_queue", "throttled", "descheduled"})
    EXPECT_EQ(value_of(text, std::string{R"(loopscope_loop_stalls_total{loop="io-0",verdict=")"} + verdict + "\"}"),
              "0");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stalled_seconds{loop="io-0"})"), "0");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_bucket{loop="io-0",le="+Inf"})"), "0");
}

TEST(prometheus_exporter, lag_comes_from_the_monitors_buckets) {
  prometheus_exporter exporter;
  const auto text = exporter.text({{"io-0", with_lag(3ms)}});
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_bucket{loop="io-0",le="0.0025"})"), "0");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_bucket{loop="io-0",le="0.005"})"), "1");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_count{loop="io-0"})"), "1");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_sum{loop="io-0"})"), "0.003");
}

TEST(prometheus_exporter, threads_and_their_lost_time_are_told_and_handlers_where_they_are_counted) {
  prometheus_exporter exporter;
  snapshot figures;
  figures.threads = 4;
  figures.blocked_threads = 1;
  figures.capacity_lost = 1500ms;
  auto text = exporter.text({{"io-0", figures}});
  EXPECT_EQ(value_of(text, R"(loopscope_loop_threads{loop="io-0"})"), "4");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_blocked_threads{loop="io-0"})"), "1");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_capacity_lost_seconds_total{loop="io-0"})"), "1.5");
  EXPECT_EQ(text.find("loopscope_loop_handler_seconds"), std::string::npos);

  figures.capacity_lost = 1400ms;  // a stall in progress was longer than its record in the end
  handler_times times;
  times.count = 3;
  times.sum = 60ms;
  times.buckets.back() = 3;
  figures.handlers = times;
  text = exporter.text({{"io-0", figures}});
  EXPECT_EQ(value_of(text, R"(loopscope_loop_capacity_lost_seconds_total{loop="io-0"})"), "1.5");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_handler_seconds_bucket{loop="io-0",le="1"})"), "3");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_handler_seconds_sum{loop="io-0"})"), "0.06");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_handler_seconds_count{loop="io-0"})"), "3");
}

TEST(prometheus_exporter, the_stall_in_progress_is_a_gauge_and_part_of_the_time_lost) {
  prometheus_exporter exporter;
  snapshot figures;
  figures.by_verdict[on_cpu] = {2, 500ms};
  figures.stalled_for = 250ms;
  const auto text = exporter.text({{"io-0", figures}});
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stalled_seconds{loop="io-0"})"), "0.25");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stall_seconds_total{loop="io-0"})"), "0.75");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stalls_total{loop="io-0",verdict="on_cpu"})"), "2");
}

TEST(prometheus_exporter, no_bucket_falls_while_a_stall_grows_out_of_it) {
  prometheus_exporter exporter;
  exporter.text({{"io-0", with_lag(40ms)}});
  const auto text = exporter.text({{"io-0", with_lag(60ms)}});
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_bucket{loop="io-0",le="0.05"})"), "1");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_bucket{loop="io-0",le="+Inf"})"), "1");
}

TEST(prometheus_exporter, the_time_lost_does_not_fall_when_a_stall_proves_shorter) {
  prometheus_exporter exporter;
  snapshot during;
  during.stalled_for = 300ms;
  exporter.text({{"io-0", during}});
  snapshot after;
  after.by_verdict[on_cpu] = {1, 299ms};
  const auto text = exporter.text({{"io-0", after}});
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stall_seconds_total{loop="io-0"})"), "0.3");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stalled_seconds{loop="io-0"})"), "0");
}

TEST(prometheus_exporter, loops_are_kept_apart) {
  prometheus_exporter exporter;
  const auto text = exporter.text({{"io-0", with_lag(3ms)}, {"io-1", {}}});
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_count{loop="io-0"})"), "1");
  EXPECT_EQ(value_of(text, R"(loopscope_loop_lag_seconds_count{loop="io-1"})"), "0");
}

TEST(prometheus_exporter, the_text_is_in_the_exposition_format) {
  prometheus_exporter exporter;
  const auto text = exporter.text({{"a", with_lag(3ms)}, {"b", {}}});
  std::set<std::string> metrics;
  std::istringstream lines{text};
  std::string metric;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) continue;
    if (line.starts_with("# TYPE ")) {
      metric = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(metrics.insert(metric).second) << "two groups of " << metric;
      continue;
    }
    EXPECT_TRUE(line.starts_with(metric)) << line;
    EXPECT_EQ(line.find("loop=\""), line.find('{') + 1) << line;
  }
  EXPECT_EQ(metrics.size(), 7U);
  EXPECT_EQ(text.back(), '\n');
}

TEST(prometheus_exporter, a_name_is_escaped) {
  prometheus_exporter exporter;
  const auto text = exporter.text({{"a\"b\\c\nd", {}}});
  EXPECT_EQ(value_of(text, R"(loopscope_loop_stalled_seconds{loop="a\"b\\c\nd"})"), "0");
}

TEST(prometheus_exporter, a_loop_that_was_left_out_starts_anew) {
  prometheus_exporter exporter;
  exporter.text({{"io-0", with_lag(3ms)}});
  EXPECT_EQ(exporter.text({}).find("io-0"), std::string::npos);
  EXPECT_EQ(value_of(exporter.text({{"io-0", {}}}), R"(loopscope_loop_lag_seconds_count{loop="io-0"})"), "0");
}

}  // namespace
}  // namespace loopscope::monitor
