// SPDX-License-Identifier: MIT

#include "server/admin/json.hpp"

#include <gtest/gtest.h>

#include "tests/support/write_requests.hpp"

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<runs::active_run> begin_run(runs::run_registry& registry, std::string_view method) {
  auto request = loopscope::testing::request_of(method, 1000);
  request.io.id = writers::back_end::uring;
  return std::get<std::shared_ptr<runs::active_run>>(registry.begin(request, std::nullopt));
}

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

TEST(loop_json, separates_raw_and_corrected_lag) {
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
  EXPECT_TRUE(loop["since_start"].at("busy_share").is_null());
  EXPECT_EQ(loop["last_second"]["stalls"], 1);
  EXPECT_EQ(loop["last_second"]["elapsed_ms"], 1000.0);
  EXPECT_EQ(loop["last_second"]["longest_stall_ms"], 300.0);
  EXPECT_TRUE(loop_json("io-0", figures, std::nullopt).at("last_second").is_null());
}

TEST(loop_json, counts_ended_stalls_by_verdict) {
  monitor::snapshot figures;
  figures.by_verdict[static_cast<std::size_t>(monitor::verdict::off_cpu)] = {3, 450ms};
  const json ended = loop_json("io-0", figures, std::nullopt)["ended_stalls"];
  EXPECT_EQ(ended.size(), monitor::verdict_count);
  EXPECT_EQ(ended["off_cpu"], json::parse(R"({"stalls":3,"total_ms":450.0})"));
  EXPECT_EQ(ended.at("on_cpu")["stalls"], 0);
}

TEST(loop_json, only_a_loop_of_another_process_that_counts_turns_says_both) {
  monitor::snapshot figures;
  const json plain = loop_json("io-0", figures, std::nullopt);
  EXPECT_FALSE(plain.contains("turns"));
  EXPECT_FALSE(plain.contains("pid"));
  figures.handlers.emplace();
  figures.handlers->count = 9;
  figures.handlers->sum = 30ms;
  figures.handlers->max = 12ms;
  const json watched = loop_json("node (12)", figures, std::nullopt, 12);
  EXPECT_EQ(watched["turns"], json::parse(R"({"count":9,"sum_ms":30.0,"max_ms":12.0})"));
  EXPECT_EQ(watched["pid"], 12);
}

TEST(run_json, shows_the_progress_of_a_stream) {
  runs::run_registry registry{{}};
  const auto run = begin_run(registry, "stream");
  run->progress.written(400);
  run->progress.pending(30, 240);
  run->progress.pending(20, 160);
  run->progress.drained(2ms);
  const json shown = active_run_json(*run);
  EXPECT_EQ(shown["id"], run->id);
  EXPECT_EQ(shown["method"], "stream");
  EXPECT_EQ(shown["io"], "uring");
  EXPECT_EQ(shown["count"], 1000);
  EXPECT_EQ(shown["started"], timestamp(run->started));
  EXPECT_GE(shown.at("elapsed_ms").get<double>(), 0.0);
  const json& progress = shown["progress"];
  EXPECT_EQ(progress["written_records"], 400);
  EXPECT_EQ(progress["pending_records"], 20);
  EXPECT_EQ(progress["pending_bytes"], 160);
  EXPECT_EQ(progress["pending_peak_bytes"], 240);
  EXPECT_EQ(progress["drains"], 1);
  EXPECT_EQ(progress["waited_ms"], 2.0);
  EXPECT_EQ(progress["high_water_mark"], writers::default_high_water_mark_bytes);
  EXPECT_TRUE(progress.at("queued_ms").is_null());
}

TEST(run_json, what_a_method_does_not_have_is_null) {
  runs::run_registry registry{{}};
  const json shown = active_run_json(*begin_run(registry, "sync"));
  EXPECT_TRUE(shown.at("io").is_null());
  EXPECT_TRUE(shown["progress"].at("drains").is_null());
  EXPECT_TRUE(shown["progress"].at("high_water_mark").is_null());
}

TEST(run_json, a_failed_run_has_an_error_and_no_report) {
  runs::run_registry registry{{}};
  registry.end(begin_run(registry, "promise"), runs::outcome::failed, "write promise.txt: no space", std::nullopt);
  const json shown = finished_run_json(*registry.finished().front());
  EXPECT_EQ(shown["outcome"], "failed");
  EXPECT_EQ(shown["error"], "write promise.txt: no space");
  EXPECT_TRUE(shown.at("report").is_null());
}

TEST(run_json, a_completed_run_has_its_report) {
  runs::run_registry registry{{}};
  const auto run = begin_run(registry, "promise");
  runs::run_report report;
  report.run_id = run->id;
  report.write.method = run->request.method;
  registry.end(run, runs::outcome::completed, {}, report);
  const json shown = finished_run_json(*registry.finished().front());
  EXPECT_EQ(shown["outcome"], "completed");
  EXPECT_TRUE(shown.at("error").is_null());
  EXPECT_EQ(shown["report"]["run_id"], run->id);
  EXPECT_EQ(shown["report"]["method"], "promise");
}

TEST(sample_json, unmeasured_values_are_null) {
  sample empty;
  empty.loops.push_back({.name = "io-0", .window = {}, .stall = {}, .ended = {}});
  const json shown = sample_json(empty);
  EXPECT_EQ(shown["process"], json::parse(R"({"resident_bytes":null,"threads":null,"cpu_share":null})"));
  EXPECT_EQ(shown["page_cache"], json::parse(R"({"outputs_cached_bytes":null,"outputs_dirty_bytes":null,
      "outputs_writeback_bytes":null,"machine_dirty_bytes":null,"machine_writeback_bytes":null})"));
  EXPECT_TRUE(shown["loops"][0].at("lag").is_null());
  EXPECT_TRUE(shown["loops"][0].at("stall").is_null());
  EXPECT_EQ(shown["runs"], json::array());
}

TEST(sample_json, without_a_data_plane_there_is_no_page_cache) {
  sample now;
  now.has_data_plane = false;
  EXPECT_TRUE(sample_json(now).at("page_cache").is_null());
}

TEST(sample_json, names_the_stall_in_progress_and_its_culprit) {
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

TEST(sample_json, shows_ended_stalls) {
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

TEST(sample_json, shows_the_readings_of_a_streams_buffer) {
  sample now;
  EXPECT_TRUE(sample_json(now).at("buffer").is_null());
  now.buffer = buffer_trace{7, {{0ns, 100}, {8us, 65540}}};
  EXPECT_EQ(sample_json(now)["buffer"], json::parse(R"({"run":7,"readings":[[0.0,100],[8.0,65540]]})"));
}

TEST(sample_json, separates_the_pages_of_the_outputs_from_the_machines) {
  sample now;
  now.machine = {5000, 600};
  now.outputs = system::page_cache_figures{40, 30, 0};
  EXPECT_EQ(sample_json(now)["page_cache"],
            json::parse(R"({"outputs_cached_bytes":40,"outputs_dirty_bytes":30,"outputs_writeback_bytes":0,
                            "machine_dirty_bytes":5000,"machine_writeback_bytes":600})"));
}

TEST(sample_json, shows_running_writes_with_their_progress) {
  runs::run_registry registry{{}};
  begin_run(registry, "sync")->progress.written(5);
  sample now;
  now.running = registry.active();
  EXPECT_EQ(sample_json(now)["runs"][0]["progress"]["written_records"], 5);
}

TEST(sample_json, the_age_of_a_stall_is_on_the_clock_that_cannot_be_set) {
  monitor::stall_record stall;
  stall.started_steady = std::chrono::steady_clock::time_point{70s};
  sample now;
  now.steady_at = std::chrono::steady_clock::time_point{70s + 312'500us};
  now.loops.push_back({"io-0", true, 312ms, 1, monitor::window_figures{}, stall, {}});
  const json shown = sample_json(now);
  EXPECT_EQ(shown["monotonic_ms"], 70'312.5);
  EXPECT_EQ(shown["loops"][0]["stall"]["started_monotonic_ms"], 70'000.0);
}

TEST(sample_json, has_the_same_time_as_a_number_and_as_text) {
  sample now;
  now.at = std::chrono::system_clock::time_point{1'769'850'301'250ms};
  const json shown = sample_json(now);
  EXPECT_EQ(shown["unix_ms"], 1'769'850'301'250);
  EXPECT_EQ(shown["time"], "2026-01-31T09:05:01.250Z");
}

}  // namespace
}  // namespace loopscope::admin
