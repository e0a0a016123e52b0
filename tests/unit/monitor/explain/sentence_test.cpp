// SPDX-License-Identifier: MIT

#include "server/monitor/explain/sentence.hpp"

#include <gtest/gtest.h>

namespace loopscope::monitor {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

stall_record sync_write() {
  stall_record r;
  r.loop = "io-0";
  r.duration = milliseconds{947};
  r.stack = {{"write", "/lib/libc.so.6", 0}, {"loopscope::writers::blocking_write_all", "writers/sync.cpp", 31}};
  r.culprit = 1;
  r.request = request_info{42, "GET /write", "method=sync"};
  r.delayed = {32, milliseconds{946}};
  return r;
}

TEST(sentence, says_who_did_what_where_and_whom_it_delayed) {
  EXPECT_EQ(to_sentence(sync_write(), "Move the writes off the loop: method=offload or stream."),
            "loop io-0 was blocked for 947 ms, on CPU, in blocking_write_all (writers/sync.cpp:31) while serving GET "
            "/write?method=sync "
            "(request 42); 32 requests waited, the longest 946 ms. Move the writes off the loop: "
            "method=offload or stream.");
}

TEST(sentence, of_a_stall_in_progress_says_so) {
  auto r = sync_write();
  r.in_progress = true;
  r.duration = milliseconds{50};
  r.delayed = {};
  EXPECT_EQ(
      to_sentence(r, ""),
      "loop io-0 has been blocked for 50 ms, on CPU, in blocking_write_all (writers/sync.cpp:31) while serving GET "
      "/write?method=sync (request 42).");
}

TEST(sentence, names_the_call_and_the_file_slept_on) {
  auto r = sync_write();
  r.verdict = verdict::off_cpu;
  r.call = blocked_call{"fsync", 7, "/data/sync.txt", "jbd2_log_wait_commit", ""};
  r.request.reset();
  r.delayed = {1, microseconds{4260}};
  EXPECT_EQ(to_sentence(r, ""),
            "loop io-0 was blocked for 947 ms, asleep in fsync on /data/sync.txt, in blocking_write_all "
            "(writers/sync.cpp:31); 1 "
            "request waited 4.3 ms.");
  r.call = blocked_call{"futex", std::nullopt, "", "", ""};
  EXPECT_NE(to_sentence(r, "").find("asleep in futex, in"), std::string::npos);
}

TEST(sentence, blames_no_code_for_what_the_machine_did) {
  auto r = sync_write();
  r.verdict = verdict::descheduled;
  EXPECT_NE(to_sentence(r, "").find("not run by the machine, and neither was the watchdog, in blocking_write_all"),
            std::string::npos);
  EXPECT_NE(to_sentence(r, "").find("no code is to blame"), std::string::npos);
  r.verdict = verdict::run_queue;
  EXPECT_NE(to_sentence(r, "").find("other threads had the CPU"), std::string::npos);
  r.verdict = verdict::throttled;
  EXPECT_NE(to_sentence(r, "").find("CPU quota"), std::string::npos);
}

TEST(sentence, of_a_loop_with_several_threads_names_the_thread_and_how_many_were_free) {
  auto r = sync_write();
  r.request.reset();
  r.delayed = {};
  r.tid = 11;
  r.thread_name = "io-3";
  r.threads = 4;
  r.free_threads = 1;
  EXPECT_EQ(
      to_sentence(r, ""),
      "thread 11 (io-3) of loop io-0 was blocked for 947 ms, on CPU, in blocking_write_all (writers/sync.cpp:31); "
      "1 of 4 threads were free.");
}

TEST(sentence, names_the_holder_of_a_lock_and_where_it_sleeps) {
  auto r = sync_write();
  r.verdict = verdict::off_cpu;
  r.call = blocked_call{"futex", std::nullopt, "", "", ""};
  r.lock = lock_kind::mutex;
  lock_holder holder;
  holder.tid = 12;
  holder.thread_name = "flusher";
  holder.call = blocked_call{"read", 7, "socket:[5]", "", "127.0.0.1:5432"};
  holder.stack = {{"app::refresh_cache", "cache.cpp", 23}};
  holder.culprit = 0;
  r.holder = holder;
  EXPECT_NE(
      to_sentence(r, "").find("asleep in futex for a mutex held by thread 12 (flusher), which sleeps in read on "
                              "socket:[5] (127.0.0.1:5432), in refresh_cache (cache.cpp:23), in blocking_write_all"),
      std::string::npos)
      << to_sentence(r, "");
  r.lock = lock_kind::condition_variable;
  EXPECT_NE(to_sentence(r, "").find("for a condition variable, which has no owner"), std::string::npos);
}

TEST(sentence, calls_a_queue_a_queue) {
  auto r = sync_write();
  r.handlers = handler_count::many;
  r.queued_handlers = 61;
  r.longest_handler = std::chrono::microseconds{1100};
  r.delayed = {};
  EXPECT_EQ(to_sentence(r, ""),
            "loop io-0 was blocked for 947 ms, on CPU, by 61 handlers queued, longest 1.1 ms: no single culprit.");
}

TEST(sentence, of_many_handlers_names_some_and_no_culprit_request) {
  auto r = sync_write();
  r.handlers = handler_count::many;
  r.other_culprits = {{"app::parse", "app/parse.cpp", 7}};
  r.delayed = {};
  EXPECT_EQ(
      to_sentence(r, ""),
      "loop io-0 was blocked for 947 ms, on CPU, in several handlers one after another, such as blocking_write_all "
      "(writers/sync.cpp:31), parse (app/parse.cpp:7): no single culprit.");
  r.culprit.reset();
  r.other_culprits.clear();
  EXPECT_EQ(to_sentence(r, ""),
            "loop io-0 was blocked for 947 ms, on CPU, in several handlers one after another: no single culprit.");
}

TEST(sentence, of_one_handler_with_several_causes_names_them_in_order) {
  auto r = sync_write();
  r.other_culprits = {{"app::parse", "app/parse.cpp", 7}};
  EXPECT_NE(to_sentence(r, "").find(
                "in blocking_write_all (writers/sync.cpp:31), then parse (app/parse.cpp:7) while serving"),
            std::string::npos);
}

TEST(sentence, without_a_stack_still_says_what_is_known) {
  auto r = sync_write();
  r.stack.clear();
  r.culprit.reset();
  r.request.reset();
  r.delayed = {};
  EXPECT_EQ(to_sentence(r, ""), "loop io-0 was blocked for 947 ms, on CPU.");
}

TEST(sentence, says_that_a_program_has_no_names) {
  stall_record r;
  r.loop = "server";
  r.duration = milliseconds{300};
  r.stack = {{"", "/usr/bin/server", 0}};
  r.culprit = 0;
  EXPECT_EQ(to_sentence(r, ""),
            "loop server was blocked for 300 ms, on CPU, in /usr/bin/server, which has no symbols.");
}

}  // namespace
}  // namespace loopscope::monitor
