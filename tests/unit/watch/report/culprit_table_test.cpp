// SPDX-License-Identifier: MIT

#include "server/watch/report/culprit_table.hpp"

#include <gtest/gtest.h>

namespace loopscope::watch {
namespace {

using namespace std::chrono_literals;

monitor::stall_record stall_in(const std::string& function, const std::string& file, int line,
                               std::chrono::nanoseconds duration) {
  monitor::stall_record stall;
  stall.duration = duration;
  stall.stack = {{"write", "", 0}, {function, file, line}};
  stall.culprit = 1;
  return stall;
}

TEST(culprit_table, sums_by_function_and_file_and_keeps_the_line_of_the_first) {
  culprit_table table;
  table.add(stall_in("handle", "server.js", 41, 30ms));
  table.add(stall_in("handle", "server.js", 43, 50ms));
  table.add(stall_in("handle", "other.js", 7, 60ms));
  const auto rows = table.rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].file, "server.js");
  EXPECT_EQ(rows[0].line, 41);
  EXPECT_EQ(rows[0].stalls, 2U);
  EXPECT_EQ(rows[0].total, 80ms);
  EXPECT_EQ(rows[0].longest, 50ms);
  EXPECT_EQ(rows[1].file, "other.js");
  EXPECT_EQ(table.others().stalls, 0U);
}

TEST(culprit_table, separates_verdicts) {
  culprit_table table;
  auto asleep = stall_in("handle", "server.js", 41, 30ms);
  asleep.verdict = monitor::verdict::off_cpu;
  table.add(asleep);
  table.add(stall_in("handle", "server.js", 41, 30ms));
  EXPECT_EQ(table.rows().size(), 2U);
}

TEST(culprit_table, shows_the_call_of_the_longest_stall) {
  culprit_table table;
  auto stall = stall_in("save", "save.cpp", 3, 30ms);
  stall.call = monitor::blocked_call{"fsync", 9, "/data/short", "", ""};
  table.add(stall);
  stall.duration = 90ms;
  stall.call->path = "/data/long";
  table.add(stall);
  stall.duration = 40ms;
  stall.call->path = "/data/medium";
  table.add(stall);
  EXPECT_EQ(table.rows().at(0).call, "fsync on /data/long");
}

TEST(culprit_table, without_a_frame_of_the_program_a_place_is_the_call_or_the_innermost_name) {
  culprit_table table;
  monitor::stall_record stall;
  stall.duration = 30ms;
  stall.call = monitor::blocked_call{"openat", {}, "/srv/fifo", "", ""};
  table.add(stall);
  table.add(stall);
  stall.call->path = "/srv/other";
  table.add(stall);
  stall.call.reset();
  stall.stack = {{"", "", 0}, {"pcre2_match", "", 0}};
  table.add(stall);
  stall.stack.clear();
  table.add(stall);
  const auto rows = table.rows();
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].call, "openat on /srv/fifo");
  EXPECT_EQ(rows[0].stalls, 2U);
  EXPECT_EQ(rows[1].native_frame, "");
  EXPECT_EQ(rows[1].call, "");
  EXPECT_EQ(rows[2].native_frame, "pcre2_match");
  EXPECT_EQ(rows[3].call, "openat on /srv/other");
  EXPECT_FALSE(rows[1].has_stack);
  EXPECT_TRUE(rows[2].has_stack);
  for (const auto& each : rows) EXPECT_EQ(each.function, "");
}

TEST(culprit_table, a_culprit_outside_the_stack_is_none) {
  culprit_table table;
  auto stall = stall_in("handle", "server.js", 41, 30ms);
  stall.culprit = 9;
  table.add(stall);
  EXPECT_EQ(table.rows().at(0).function, "");
  EXPECT_EQ(table.rows().at(0).native_frame, "write");
}

TEST(culprit_table, keeps_the_most_expensive_places_and_loses_no_time) {
  culprit_table table{11};  // 10 places are expensive, and one more is the newest
  std::chrono::nanoseconds sum{0};
  for (int i = 1; i <= 1000; ++i) {
    const auto duration = std::chrono::milliseconds{i % 97 == 0 ? 10'000 + i : 25 + i % 7};
    sum += duration;
    table.add(stall_in("f" + std::to_string(i), "a.cpp", 1, duration));
  }
  const auto rows = table.rows();
  ASSERT_EQ(rows.size(), 11U);
  auto kept = table.others().total;
  auto stalls = table.others().stalls;
  for (const auto& each : rows) {
    kept += each.total;
    stalls += each.stalls;
  }
  EXPECT_GT(rows[9].total, 10s);
  EXPECT_EQ(kept, sum);
  EXPECT_EQ(stalls, 1000U);
  EXPECT_LT(table.others().longest, 1s);
}

}  // namespace
}  // namespace loopscope::watch
