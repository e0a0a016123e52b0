// SPDX-License-Identifier: MIT

#include "server/watch/report/json_report.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sample_reports.hpp"

namespace loopscope::watch {
namespace {

using json = nlohmann::ordered_json;

json parsed(const watch_report& report) {
  return json::parse(to_json_text(report));
}

TEST(watch_json, has_the_command_its_loops_and_how_it_ended) {
  const json shown = parsed(samples::node());
  EXPECT_EQ(shown["command"], json::parse(R"(["node","server.js"])"));
  EXPECT_EQ(shown["watched_s"], 12.34);
  EXPECT_EQ(shown["processes"], json::parse(R"([{"pid":4711,"command":"node server.js","loops":[
      {"tid":4711,"name":"node","wait":"epoll_pwait","turns":48211,"busy_share":0.612,
       "turn_us":{"p50":12.3,"p99":340.0,"p99_9":12400.0,"max":912400.0},"stalls":3,"stalled_ms":1318.0}],"unseen":[]}])"));
  EXPECT_EQ(shown["exit"], json::parse(R"({"code":0})"));
}

TEST(watch_json, stalls_are_records_with_their_process) {
  const json stall = parsed(samples::node())["stalls"][0];
  EXPECT_EQ(stall.begin().key(), "pid");
  EXPECT_EQ(stall["pid"], 4711);
  EXPECT_EQ(stall["tid"], 4711);
  EXPECT_EQ(stall["duration_ms"], 912.4);
  EXPECT_EQ(stall["culprit"], json::parse(R"({"function":"handleRequest","file":"/srv/app/server.js","line":41})"));
  EXPECT_EQ(stall["path"], "/srv/app/out/test.txt");
}

TEST(watch_json, culprits_come_most_expensive_first) {
  const json culprits = parsed(samples::node())["culprits"];
  EXPECT_EQ(culprits, json::parse(R"([
      {"function":"handleRequest","file":"/srv/app/server.js","line":41,"verdict":"on_cpu",
       "stalls":2,"total_ms":1222.4,"longest_ms":912.4},
      {"function":"Database.querySync","file":"/srv/app/node_modules/pg-native/lib/database.js","line":118,
       "verdict":"off_cpu","stalls":1,"total_ms":95.6,"longest_ms":95.6}])"));
}

TEST(watch_json, what_is_not_known_is_null) {
  auto report = samples::nginx();
  report.exit.reset();
  report.processes[1].loops[0].busy_share.reset();
  report.processes[1].loops[0].p999.reset();
  report.others = {7, std::chrono::seconds{2}, std::chrono::seconds{1}};
  const json shown = parsed(report);
  EXPECT_TRUE(shown.at("exit").is_null());
  EXPECT_TRUE(shown["processes"][1]["loops"][0].at("busy_share").is_null());
  EXPECT_TRUE(shown["processes"][1]["loops"][0]["turn_us"].at("p99_9").is_null());
  EXPECT_TRUE(shown["culprits"][0].at("function").is_null());
  EXPECT_EQ(shown["culprits"].back(), json::parse(R"({"function":null,"file":null,"line":null,"verdict":null,
                                                  "stalls":7,"total_ms":2000.0,"longest_ms":1000.0})"));
}

TEST(watch_json, a_signal_is_its_number) {
  EXPECT_EQ(parsed(samples::nginx())["exit"], json::parse(R"({"signal":15})"));
}

TEST(watch_json, bytes_that_are_not_utf8_are_replaced) {
  auto report = samples::node();
  report.command = {"caf\xff"};
  EXPECT_EQ(parsed(report)["command"][0], "caf\xef\xbf\xbd");
  EXPECT_NO_THROW(parsed(samples::hostile()));
}

}  // namespace
}  // namespace loopscope::watch
