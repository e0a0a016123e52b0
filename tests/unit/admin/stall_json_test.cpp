#include "server/admin/stall_json.hpp"

#include <gtest/gtest.h>

#include <set>

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;

monitor::stall_record on_cpu_stall() {
  monitor::stall_record stall;
  stall.id = 7;
  stall.started = std::chrono::system_clock::time_point{1'769'850'301'250ms};
  stall.duration = 947'200us;
  stall.in_progress = true;
  stall.loop = "io-0";
  stall.verdict = monitor::verdict::on_cpu;
  stall.cpu = 940ms;
  stall.run_queue = 7ms;
  stall.off_cpu = 200us;
  stall.stack = {{"write", "", 0}, {"writers::blocking_write_all", "writers/sync.cpp", 31}};
  stall.culprit = 1;
  stall.handlers = monitor::handler_count::one;
  stall.request = monitor::request_info{42, "/write", "method=sync"};
  stall.repeats = 2;
  stall.delayed = {32, 946ms};
  stall.sentence = "loop io-0 blocked";
  return stall;
}

std::set<std::string> names(const json& object) {
  std::set<std::string> out;
  for (const auto& [name, value] : object.items()) out.insert(name);
  return out;
}

TEST(stall_json, says_what_blocked_where_for_how_long_and_whom) {
  const json stall = stall_json(on_cpu_stall());
  EXPECT_EQ(stall["id"], 7);
  EXPECT_EQ(stall["started"], "2026-01-31T09:05:01.250Z");
  EXPECT_EQ(stall["duration_ms"], 947.2);
  EXPECT_EQ(stall["in_progress"], true);
  EXPECT_EQ(stall["loop"], "io-0");
  EXPECT_EQ(stall["verdict"], "on_cpu");
  EXPECT_EQ(stall["cpu_ms"], 940.0);
  EXPECT_EQ(stall["run_queue_ms"], 7.0);
  EXPECT_EQ(stall["off_cpu_ms"], 0.2);
  EXPECT_EQ(stall["stack"], json::parse(R"([{"function":"write","file":null,"line":null},
      {"function":"writers::blocking_write_all","file":"writers/sync.cpp","line":31}])"));
  EXPECT_EQ(stall["culprit"]["line"], 31);
  EXPECT_EQ(stall["request"], json::parse(R"({"id":42,"route":"/write","query":"method=sync"})"));
  EXPECT_EQ(stall["repeats"], 2);
  EXPECT_EQ(stall["delayed_requests"], json::parse(R"({"count":32,"max_ms":946.0})"));
  EXPECT_EQ(stall["sentence"], "loop io-0 blocked");
}

TEST(stall_json, has_every_field_of_the_contract_for_any_stall) {
  const auto all = names(stall_json(monitor::stall_record{}));
  for (const auto* each : {"id", "started", "duration_ms", "in_progress", "loop", "verdict", "cpu_ms", "run_queue_ms",
                           "off_cpu_ms", "syscall", "fd", "path", "stack", "request", "repeats", "delayed_requests"})
    EXPECT_TRUE(all.contains(each)) << each;
  EXPECT_EQ(all, names(stall_json(on_cpu_stall())));
}

TEST(stall_json, names_the_call_and_the_file_that_the_thread_slept_in) {
  monitor::stall_record stall;
  stall.verdict = monitor::verdict::off_cpu;
  stall.call = monitor::blocked_call{"fsync", 9, "/data/sync.txt", ""};
  const json shown = stall_json(stall);
  EXPECT_EQ(shown["verdict"], "off_cpu");
  EXPECT_EQ(shown["syscall"], "fsync");
  EXPECT_EQ(shown["fd"], 9);
  EXPECT_EQ(shown["path"], "/data/sync.txt");
  EXPECT_TRUE(shown["wait_channel"].is_null());
}

TEST(stall_json, what_is_not_known_is_null) {
  monitor::stall_record stall;
  stall.no_stack_reason = "uninterruptible sleep";
  const json shown = stall_json(stall);
  for (const auto* each : {"cpu_ms", "run_queue_ms", "off_cpu_ms", "syscall", "fd", "path", "request", "culprit"})
    EXPECT_TRUE(shown[each].is_null()) << each;
  EXPECT_TRUE(shown["delayed_requests"]["max_ms"].is_null());
  EXPECT_EQ(shown["delayed_requests"]["count"], 0);
  EXPECT_EQ(shown["stack"], json::array());
  EXPECT_EQ(shown["no_stack_reason"], "uninterruptible sleep");
}

TEST(stall_json, a_culprit_beyond_the_stack_is_none) {
  auto stall = on_cpu_stall();
  stall.stack.clear();
  EXPECT_TRUE(stall_json(stall)["culprit"].is_null());
}

}  // namespace
}  // namespace loopscope::admin
