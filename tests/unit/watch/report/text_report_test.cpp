// SPDX-License-Identifier: MIT

#include "server/watch/report/text_report.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "sample_reports.hpp"
#include "server/watch/report/printable_text.hpp"
#include "server/watch/report/text_table.hpp"

namespace loopscope::watch {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

TEST(watch_text, one_loop) {
  EXPECT_EQ(to_text(samples::node()), R"(loopscope: node server.js ended with status 0 after 12.3 s.

                                       how long a turn took
loop                 turns  busy    p50      p99  p99.9     max  stalls  blocked
--------------------------------------------------------------------------------
node server.js (4711), epoll_pwait
  node              48,211  61 %  12 us  0.34 ms  12 ms  912 ms       3   1.32 s

what blocked                                   verdict  stalls  longest  blocked
--------------------------------------------------------------------------------
handleRequest (/srv/app/server.js:41)          on_cpu        2   912 ms   1.22 s
  write on /srv/app/out/test.txt
Database.querySync (.../lib/database.js:118)   off_cpu       1    96 ms    96 ms
  recvfrom on socket:[8191] (127.0.0.1:5432)

Added to the command's environment:
  LD_PRELOAD=/usr/lib/loopscope/libloopscope-watch.so
  NODE_OPTIONS=--perf-basic-prof-only-fu...ons --interpreted-frames-native-stack
)");
}

TEST(watch_text, a_master_and_two_workers) {
  EXPECT_EQ(to_text(samples::nginx()),
            R"(loopscope: nginx -c /etc/ng... -g daemon off; was ended by SIGTERM after 62.0 s.

                                      how long a turn took
loop               turns   busy    p50      p99   p99.9     max  stalls  blocked
--------------------------------------------------------------------------------
nginx: worker process (2 processes), epoll_wait
  nginx 4712      1.19 M  3.1 %  41 us  0.18 ms  1.3 ms  4.1 ms       0        -
  nginx 4713      1.20 M  3.1 %  41 us  0.18 ms  1.3 ms  2.00 s       2   2.04 s
Without a loop: nginx: master proce...onf -g daemon off; (4711).

what blocked                                   verdict  stalls  longest  blocked
--------------------------------------------------------------------------------
(no stack)                                     off_cpu       1   2.00 s   2.00 s
  openat on /srv/www/static/fifo
(no frame of the program)                      on_cpu        1    31 ms    31 ms
  in pcre2_match_8

Not seen:
  nginx: worker process (4713): ptrace is not permitted, so it has no stacks:
    kernel.yama.ptrace_scope is 3.

Added to the command's environment:
  LD_PRELOAD=/usr/lib/loopscope/libloopscope-watch.so
)");
}

TEST(watch_text, several_threads_without_a_stall) {
  EXPECT_EQ(to_text(samples::memcached()), R"(loopscope: memcached -t 4 ended with status 0 after 5.00 s.

                                       how long a turn took
loop               turns    busy     p50     p99  p99.9     max  stalls  blocked
--------------------------------------------------------------------------------
memcached -t 4 (4711), epoll_wait
  memcached           73  <0.1 %  900 ns  3.0 us    n/a  4.1 ms       0        -
  mc-worker 4712      73  <0.1 %  900 ns  3.0 us    n/a  4.1 ms       0        -
  mc-worker 4713      73  <0.1 %  900 ns  3.0 us    n/a  4.1 ms       0        -
  mc-worker 4714      73  <0.1 %  900 ns  3.0 us    n/a  4.1 ms       0        -
  mc-worker 4715      73  <0.1 %  900 ns  3.0 us    n/a  4.1 ms       0        -

No stall of 25 ms or more.
)");
}

TEST(watch_text, no_loop_at_all) {
  EXPECT_EQ(to_text(samples::no_loop()), R"(loopscope: make -j2 ended with status 0 after 800 ms.

No thread waited for events often enough to be a loop: a loop returns at least 3
times from epoll_wait, poll, select or one of their variants, called from the
same place.

Not seen:
  go build ./... (4712): It is a Go program, which calls the kernel itself and
    not through libc: its waits are not seen.
)");
}

TEST(watch_text, processes_with_the_same_command_share_a_line) {
  const auto text = to_text(samples::forty_processes());
  EXPECT_NE(text.find("shop.wsgi:application (40 processes), select\n  gunicorn 5000 "), std::string::npos);
  EXPECT_NE(text.find("  convert (6000), convert (6001), convert (6002), convert (6003) and 2 more: It\n    is"),
            std::string::npos);
  EXPECT_LT(lines_of(text).size(), 60U);
}

TEST(watch_text, is_never_wider_than_its_width_nor_holds_control_characters) {
  for (const auto& report : {samples::node(), samples::nginx(), samples::forty_processes(), samples::memcached(),
                             samples::no_loop(), samples::hostile()}) {
    for (const auto& line : lines_of(to_text(report))) {
      EXPECT_LE(columns(line), text_width) << line;
      EXPECT_EQ(printable(line), line);
    }
  }
}

TEST(watch_text, lists_the_loops_that_were_blocked_longest_when_there_are_many) {
  auto report = samples::memcached();
  auto& loops = report.processes[0].loops;
  loops.resize(500, loops.back());
  for (std::size_t i = 0; i < loops.size(); ++i) loops[i].tid = 5000 + static_cast<pid_t>(i);
  loops[450].stalls = 1;
  loops[450].stalled = 30ms;
  const auto text = to_text(report);
  EXPECT_NE(text.find("mc-worker 5450"), std::string::npos);
  EXPECT_NE(text.find("... and 400 loops that were blocked less. The JSON has them all.\n"), std::string::npos);
  EXPECT_LT(lines_of(text).size(), 120U);
}

TEST(watch_text, sums_the_places_beyond_twenty) {
  auto report = samples::node();
  culprit_table table;
  for (int i = 0; i < 30; ++i) {
    auto stall = samples::node_stall();
    stall.stack[1].function = "f" + std::to_string(i);
    stall.duration = std::chrono::milliseconds{100 + i};
    samples::add_stall(report, table, 4711, stall);
  }
  report.others = {5, 200ms, 50ms};
  const auto text = to_text(report);
  EXPECT_NE(text.find("\nf10 (/srv/app/server.js:41)"), std::string::npos);
  EXPECT_EQ(text.find("\nf9 (/srv/app/server.js:41)"), std::string::npos);
  EXPECT_NE(text.find("\nother places                                                15   109 ms   1.25 s\n"),
            std::string::npos)
      << text;
}

TEST(watch_text, says_that_the_json_does_not_hold_every_stall) {
  auto report = samples::node();
  report.stalls_left_out = 1200;
  EXPECT_NE(to_text(report).find("\n1,200 stalls are counted here, but too many to be in the JSON one by one.\n"),
            std::string::npos);
}

TEST(watch_text, a_command_that_still_runs_has_no_status) {
  auto report = samples::node();
  report.exit.reset();
  EXPECT_EQ(lines_of(to_text(report)).front(), "loopscope: node server.js still runs after 12.3 s.");
}

TEST(stall_line, is_the_sentence_of_the_log_in_one_line) {
  monitor::stall_record stall;
  stall.sentence = "loop node was blocked for 300 ms, on CPU.\nloopscope: forged";
  EXPECT_EQ(stall_line(stall), "loopscope: loop node was blocked for 300 ms, on CPU.\\nloopscope: forged\n");
}

}  // namespace
}  // namespace loopscope::watch
