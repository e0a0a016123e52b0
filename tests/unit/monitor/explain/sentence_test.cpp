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
  EXPECT_EQ(to_sentence(r, "").find("blocking_write_all"), std::string::npos);
  r.verdict = verdict::run_queue;
  EXPECT_NE(to_sentence(r, "").find("other threads had the CPU"), std::string::npos);
  r.verdict = verdict::throttled;
  EXPECT_NE(to_sentence(r, "").find("CPU quota"), std::string::npos);
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

}  // namespace
}  // namespace loopscope::monitor
