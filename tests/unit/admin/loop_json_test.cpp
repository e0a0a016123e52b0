#include "server/admin/loop_json.hpp"

#include <gtest/gtest.h>

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;

TEST(loop_json, lag_is_in_microseconds_and_null_before_the_first_sample) {
  EXPECT_EQ(lag_json({}), json::parse(R"({"count":0,"p50_us":null,"p90_us":null,"p99_us":null,"p99_9_us":null,
                                          "max_us":null})"));
  monitor::lag_figures lag;
  lag.count = 4;
  lag.p50 = 1us;
  lag.p90 = 20us;
  lag.p99 = 300us;
  lag.p999 = 4ms;
  lag.max = 5ms;
  EXPECT_EQ(lag_json(lag), json::parse(R"({"count":4,"p50_us":1.0,"p90_us":20.0,"p99_us":300.0,"p99_9_us":4000.0,
                                           "max_us":5000.0})"));
}

TEST(loop_json, tells_raw_and_corrected_lag_apart) {
  monitor::snapshot figures;
  figures.total.raw.count = 1;
  figures.total.corrected.count = 4;
  const json loop = loop_json("io-0", figures, std::nullopt);
  EXPECT_EQ(loop["since_start"]["lag_raw"]["count"], 1);
  EXPECT_EQ(loop["since_start"]["lag_corrected"]["count"], 4);
}

TEST(loop_json, has_the_last_second_beside_the_time_since_the_start) {
  monitor::snapshot figures;
  figures.running = true;
  figures.stalled_for = 312ms;
  figures.total.stalls = 9;
  figures.total.cpu_share = 0.25;
  monitor::window_figures second;
  second.elapsed = 1s;
  second.stalls = 1;
  second.longest_stall = 300ms;
  const json loop = loop_json("io-0", figures, second);
  EXPECT_EQ(loop["name"], "io-0");
  EXPECT_EQ(loop["running"], true);
  EXPECT_EQ(loop["stalled_for_ms"], 312.0);
  EXPECT_EQ(loop["since_start"]["stalls"], 9);
  EXPECT_EQ(loop["since_start"]["cpu_share"], 0.25);
  EXPECT_TRUE(loop["since_start"]["busy_share"].is_null());
  EXPECT_EQ(loop["last_second"]["stalls"], 1);
  EXPECT_EQ(loop["last_second"]["elapsed_ms"], 1000.0);
  EXPECT_EQ(loop["last_second"]["longest_stall_ms"], 300.0);
}

TEST(loop_json, counts_ended_stalls_by_every_verdict) {
  monitor::snapshot figures;
  figures.by_verdict[static_cast<std::size_t>(monitor::verdict::off_cpu)] = {3, 450ms};
  const json ended = loop_json("io-0", figures, std::nullopt)["ended_stalls"];
  EXPECT_EQ(ended.size(), monitor::verdict_count);
  EXPECT_EQ(ended["off_cpu"], json::parse(R"({"stalls":3,"total_ms":450.0})"));
  EXPECT_EQ(ended["on_cpu"]["stalls"], 0);
}

TEST(loop_json, has_no_last_second_in_the_first_one) {
  EXPECT_TRUE(loop_json("io-0", {}, std::nullopt)["last_second"].is_null());
}

}  // namespace
}  // namespace loopscope::admin
