// SPDX-License-Identifier: MIT

#include "writers/system/proc_file.hpp"

#include <gtest/gtest.h>

namespace loopscope::system {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

TEST(proc_text, reads_the_call_that_a_thread_sleeps_in) {
  const auto call = parse_syscall("74 0x7 0x0 0x2a 0x0 0xffffffff 0x1 0x7ffe 0x7f00\n");
  ASSERT_TRUE(call);
  EXPECT_FALSE(call->running);
  EXPECT_EQ(call->number, 74);
  EXPECT_EQ(call->arguments[0], 7U);
  EXPECT_EQ(call->arguments[4], 0xffffffffU);
  EXPECT_EQ(call->stack_pointer, 0x7ffeU);
  EXPECT_EQ(call->program_counter, 0x7f00U);
}

TEST(proc_text, tells_running_from_sleeping_outside_a_call) {
  EXPECT_TRUE(parse_syscall("running\n")->running);
  EXPECT_FALSE(parse_syscall("-1 0x7ffe 0x7f00\n")->running);
  EXPECT_EQ(parse_syscall("-1 0x7ffe 0x7f00\n")->number, -1);
  EXPECT_EQ(parse_syscall("-1 0x7ffe 0x7f00\n")->program_counter, 0x7f00U);
}

TEST(proc_text, gives_nothing_for_what_it_cannot_read) {
  EXPECT_FALSE(parse_syscall(""));
  EXPECT_FALSE(parse_syscall("garbage\n"));
  EXPECT_FALSE(parse_syscall("74 0x7\n"));
  EXPECT_FALSE(parse_schedstat(""));
  EXPECT_FALSE(parse_schedstat("12 13\n"));
  EXPECT_FALSE(parse_exec_start("nothing here"));
  EXPECT_FALSE(parse_cpu("12 (name) S 1"));
  EXPECT_FALSE(parse_throttled("nr_periods 0\n"));
  EXPECT_EQ(parse_state(""), '?');
}

TEST(proc_text, reads_scheduler_figures) {
  const auto scheduled = parse_schedstat("1234567 59880 12\n");
  ASSERT_TRUE(scheduled);
  EXPECT_EQ(scheduled->run_delay, nanoseconds{59880});
  EXPECT_EQ(scheduled->time_slices, 12U);
  EXPECT_EQ(parse_exec_start("loop (12, #threads: 3)\n---\nse.exec_start      :       2495.500001\nse.vruntime : 1\n"),
            nanoseconds{2495500001});
  EXPECT_FALSE(parse_exec_start("se.exec_start      :       0.000000\n"));
  EXPECT_EQ(parse_cpu("12 (a) b (c)) S 1 1 1 0 -1 64 0 0 0 0 0 0 0 0 20 0 3 0 99 1 1 9 0 0 0 0 0 0 0 0 0 0 0 "
                      "0 -1 5 0 0 0"),
            5);
}

TEST(proc_text, reads_status_fields_at_line_starts_only) {
  const std::string_view status =
      "Name:\tTracerPid: 9\nState:\tD (disk sleep)\nTracerPid:\t0\nSigBlk:\tfffffffe7ffbfeff\n";
  EXPECT_EQ(parse_state(status), 'D');
  EXPECT_EQ(parse_field(status, "TracerPid"), 0U);
  EXPECT_EQ(parse_field(status, "SigBlk", 16), 0xfffffffe7ffbfeffU);
  EXPECT_FALSE(parse_field(status, "SigIgn", 16));
}

TEST(proc_text, reads_throttled_time_of_both_cgroup_versions) {
  EXPECT_EQ(parse_throttled("usage_usec 5\nnr_throttled 2\nthrottled_usec 1500\n"), microseconds{1500});
  EXPECT_EQ(parse_throttled("nr_periods 0\nnr_throttled 3\nthrottled_time 2500\n"), nanoseconds{2500});
}

}  // namespace
}  // namespace loopscope::system
