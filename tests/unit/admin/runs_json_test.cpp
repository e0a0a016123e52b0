#include "server/admin/runs_json.hpp"

#include <gtest/gtest.h>

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<runs::active_run> begin(runs::run_registry& registry, std::string_view method) {
  writers::write_request request;
  request.method = writers::find_method(method);
  request.count = 1000;
  request.io.id = writers::back_end::uring;
  return std::get<std::shared_ptr<runs::active_run>>(registry.begin(request, std::nullopt));
}

TEST(runs_json, shows_how_far_a_stream_has_come) {
  runs::run_registry registry{{}};
  const auto run = begin(registry, "stream");
  run->progress.written(400);
  run->progress.pending(30, 240);
  run->progress.pending(20, 160);
  run->progress.drained(2ms);
  const json shown = active_run_json(*run);
  EXPECT_EQ(shown["id"], run->id);
  EXPECT_EQ(shown["method"], "stream");
  EXPECT_EQ(shown["io"], "uring");
  EXPECT_EQ(shown["count"], 1000);
  EXPECT_TRUE(shown["started"].is_string());
  EXPECT_GE(shown["elapsed_ms"].get<double>(), 0.0);
  const json& progress = shown["progress"];
  EXPECT_EQ(progress["written_records"], 400);
  EXPECT_EQ(progress["pending_records"], 20);
  EXPECT_EQ(progress["pending_bytes"], 160);
  EXPECT_EQ(progress["pending_peak_bytes"], 240);
  EXPECT_EQ(progress["drains"], 1);
  EXPECT_EQ(progress["waited_ms"], 2.0);
  EXPECT_EQ(progress["high_water_mark"], writers::default_high_water_mark_bytes);
  EXPECT_TRUE(progress["queued_ms"].is_null());
}

TEST(runs_json, has_null_for_what_a_method_does_not_have) {
  runs::run_registry registry{{}};
  const json shown = active_run_json(*begin(registry, "sync"));
  EXPECT_TRUE(shown["io"].is_null());
  EXPECT_TRUE(shown["progress"]["drains"].is_null());
  EXPECT_TRUE(shown["progress"]["high_water_mark"].is_null());
}

TEST(runs_json, a_failed_run_says_why_and_has_no_report) {
  runs::run_registry registry{{}};
  const auto run = begin(registry, "promise");
  registry.end(run, runs::outcome::failed, "write promise.txt: no space", std::nullopt);
  const json shown = finished_run_json(*registry.finished().front());
  EXPECT_EQ(shown["outcome"], "failed");
  EXPECT_EQ(shown["error"], "write promise.txt: no space");
  EXPECT_TRUE(shown["report"].is_null());
}

TEST(runs_json, a_completed_run_carries_its_report) {
  runs::run_registry registry{{}};
  const auto run = begin(registry, "promise");
  runs::run_report report;
  report.run_id = run->id;
  registry.end(run, runs::outcome::completed, {}, report);
  const json shown = finished_run_json(*registry.finished().front());
  EXPECT_EQ(shown["outcome"], "completed");
  EXPECT_TRUE(shown["error"].is_null());
  EXPECT_EQ(shown["report"], runs::to_json(report));
}

}  // namespace
}  // namespace loopscope::admin
