#include "server/admin/sample.hpp"

#include <gtest/gtest.h>

#include "tests/support/write_requests.hpp"

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;

TEST(sample, what_could_not_be_measured_is_null) {
  sample empty;
  empty.loops.push_back({.name = "io-0", .window = {}, .stall = {}, .ended = {}});
  const json shown = sample_json(empty);
  EXPECT_EQ(shown["process"], json::parse(R"({"resident_bytes":null,"threads":null,"cpu_share":null})"));
  for (const auto& [name, value] : shown["page_cache"].items()) EXPECT_TRUE(value.is_null()) << name;
  EXPECT_TRUE(shown["loops"][0]["lag"].is_null());
  EXPECT_TRUE(shown["loops"][0]["stall"].is_null());
  EXPECT_EQ(shown["runs"], json::array());
}

TEST(sample, names_the_stall_in_progress_and_its_culprit) {
  monitor::stall_record stall;
  stall.id = 3;
  stall.duration = 312ms;
  stall.stack = {{"spin", "app.cpp", 9}};
  stall.culprit = 0;
  sample now;
  now.loops.push_back({"io-0", true, 312ms, 4, monitor::window_figures{}, stall, {}});
  const json loop = sample_json(now)["loops"][0];
  EXPECT_EQ(loop["name"], "io-0");
  EXPECT_EQ(loop["running"], true);
  EXPECT_EQ(loop["stalled_for_ms"], 312.0);
  EXPECT_EQ(loop["stalls"], 4);
  EXPECT_EQ(loop["stall"]["id"], 3);
  EXPECT_EQ(loop["stall"]["culprit"]["function"], "spin");
}

TEST(sample, shows_the_stalls_that_have_ended) {
  monitor::stall_record stall;
  stall.id = 3;
  stall.duration = 312ms;
  sample now;
  now.loops.push_back({"io-0", true, 0ms, 1, monitor::window_figures{}, {}, {stall}});
  const json ended = sample_json(now)["loops"][0]["ended"];
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0]["id"], 3);
  EXPECT_EQ(ended[0]["duration_ms"], 312.0);
}

TEST(sample, shows_how_a_streams_buffer_fills) {
  sample now;
  EXPECT_TRUE(sample_json(now)["buffer"].is_null());
  now.buffer = buffer_trace{7, {{0ns, 100}, {8us, 65540}}};
  EXPECT_EQ(sample_json(now)["buffer"], json::parse(R"({"run":7,"readings":[[0.0,100],[8.0,65540]]})"));
}

TEST(sample, tells_the_outputs_pages_from_the_machines) {
  sample now;
  now.machine = {5000, 600};
  now.outputs = system::page_cache_figures{40, 30, 0};
  EXPECT_EQ(sample_json(now)["page_cache"],
            json::parse(R"({"outputs_cached_bytes":40,"outputs_dirty_bytes":30,"outputs_writeback_bytes":0,
                            "machine_dirty_bytes":5000,"machine_writeback_bytes":600})"));
}

TEST(sample, shows_running_writes_with_their_progress) {
  runs::run_registry registry{{}};
  const auto run =
      std::get<std::shared_ptr<runs::active_run>>(registry.begin(loopscope::testing::request_of("sync"), std::nullopt));
  run->progress.written(5);
  sample now;
  now.running = registry.active();
  EXPECT_EQ(sample_json(now)["runs"][0]["progress"]["written_records"], 5);
}

TEST(sample, tells_the_age_of_a_stall_on_a_clock_that_nobody_sets) {
  monitor::stall_record stall;
  stall.started_steady = std::chrono::steady_clock::time_point{70s};
  sample now;
  now.steady_at = std::chrono::steady_clock::time_point{70s + 312'500us};
  now.loops.push_back({"io-0", true, 312ms, 1, monitor::window_figures{}, stall, {}});
  const json shown = sample_json(now);
  EXPECT_EQ(shown["monotonic_ms"], 70'312.5);
  EXPECT_EQ(shown["loops"][0]["stall"]["started_monotonic_ms"], 70'000.0);
}

TEST(sample, bears_the_same_time_twice) {
  sample now;
  now.at = std::chrono::system_clock::time_point{1'769'850'301'250ms};
  const json shown = sample_json(now);
  EXPECT_EQ(shown["unix_ms"], 1'769'850'301'250);
  EXPECT_EQ(shown["time"], "2026-01-31T09:05:01.250Z");
}

}  // namespace
}  // namespace loopscope::admin
