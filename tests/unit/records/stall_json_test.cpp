// SPDX-License-Identifier: MIT

#include "server/records/stall_json.hpp"

#include <gtest/gtest.h>

namespace loopscope::records {
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

TEST(stall_json, shows_cause_place_duration_and_delayed_requests) {
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

TEST(stall_json, names_the_system_call_and_the_file_that_the_thread_waited_for) {
  monitor::stall_record stall;
  stall.verdict = monitor::verdict::off_cpu;
  stall.call = monitor::blocked_call{"fsync", 9, "/data/sync.txt", "", ""};
  const json shown = stall_json(stall);
  EXPECT_EQ(shown["verdict"], "off_cpu");
  EXPECT_EQ(shown["syscall"], "fsync");
  EXPECT_EQ(shown["fd"], 9);
  EXPECT_EQ(shown["path"], "/data/sync.txt");
  EXPECT_TRUE(shown["wait_channel"].is_null());
}

TEST(stall_json, unknown_values_are_null) {
  monitor::stall_record stall;
  stall.no_stack_reason = "uninterruptible sleep";
  const json shown = stall_json(stall);
  for (const auto* each : {"cpu_ms", "run_queue_ms", "off_cpu_ms", "syscall", "fd", "path", "request", "culprit", "tid",
                           "thread_name", "lock", "holder", "peer", "operation"})
    EXPECT_TRUE(shown.at(each).is_null()) << each;
  EXPECT_TRUE(shown["delayed_requests"].at("max_ms").is_null());
  EXPECT_EQ(shown["delayed_requests"]["count"], 0);
  EXPECT_EQ(shown["stack"], json::array());
  EXPECT_EQ(shown["no_stack_reason"], "uninterruptible sleep");
}

TEST(stall_json, a_culprit_outside_the_stack_is_null) {
  auto stall = on_cpu_stall();
  stall.stack.clear();
  EXPECT_TRUE(stall_json(stall).at("culprit").is_null());
}

TEST(stall_json, names_the_thread_and_how_many_the_loop_has) {
  auto stall = on_cpu_stall();
  stall.tid = 4713;
  stall.thread_name = "io-1";
  stall.threads = 4;
  stall.free_threads = 3;
  const json shown = stall_json(stall);
  EXPECT_EQ(shown["tid"], 4713);
  EXPECT_EQ(shown["thread_name"], "io-1");
  EXPECT_EQ(shown["threads"], 4);
  EXPECT_EQ(shown["free_threads"], 3);
}

TEST(stall_json, names_who_holds_the_lock_and_what_that_thread_waits_for) {
  monitor::stall_record stall;
  stall.lock = monitor::lock_kind::shared_mutex;
  monitor::lock_holder holder;
  holder.tid = 12;
  holder.thread_name = "flusher";
  holder.call = monitor::blocked_call{"fsync", 9, "/data/log", "", ""};
  holder.stack = {{"fsync", "", 0}, {"app::flush", "flush.cpp", 8}};
  holder.culprit = 1;
  stall.holder = holder;
  const json shown = stall_json(stall);
  EXPECT_EQ(shown["lock"], "shared_mutex");
  EXPECT_EQ(shown["holder"], json::parse(R"({"tid":12,"thread_name":"flusher","running":false,"syscall":"fsync","fd":9,
      "path":"/data/log","peer":null,"wait_channel":null,
      "stack":[{"function":"fsync","file":null,"line":null},{"function":"app::flush","file":"flush.cpp","line":8}],
      "culprit":{"function":"app::flush","file":"flush.cpp","line":8}})"));
}

TEST(stall_json, shows_the_operation_its_waiting_coroutines_and_the_other_end) {
  monitor::stall_record stall;
  stall.call = monitor::blocked_call{"recvfrom", 7, "socket:[99]", "", "127.0.0.1:5432"};
  stall.operation = monitor::operation{"socket", "async_receive", "http::async_read", "session.cpp", 40};
  stall.awaited_by = {{"app::serve", "serve.cpp", 12}};
  const json shown = stall_json(stall);
  EXPECT_EQ(shown["peer"], "127.0.0.1:5432");
  EXPECT_EQ(shown["operation"], json::parse(R"({"object":"socket","name":"async_receive","function":"http::async_read",
                                                 "file":"session.cpp","line":40})"));
  EXPECT_EQ(shown["awaited_by"], json::parse(R"([{"function":"app::serve","file":"serve.cpp","line":12}])"));
}

TEST(stall_json, queued_handlers_are_null_where_nobody_counted_them) {
  monitor::stall_record stall;
  EXPECT_TRUE(stall_json(stall).at("queued_handlers").is_null());
  EXPECT_TRUE(stall_json(stall).at("longest_handler_ms").is_null());
  stall.queued_handlers = 1200;
  stall.longest_handler = 3us;
  EXPECT_EQ(stall_json(stall).at("queued_handlers"), 1200);
  EXPECT_EQ(stall_json(stall).at("longest_handler_ms"), 0.003);
}

}  // namespace
}  // namespace loopscope::records
