// SPDX-License-Identifier: MIT

#include "server/monitor/watch/loop_stats.hpp"

#include <gtest/gtest.h>

namespace loopscope::monitor {
namespace {

using namespace std::chrono_literals;

stall_record stall_of(std::uint64_t id, std::chrono::nanoseconds duration, verdict cause = verdict::on_cpu) {
  stall_record out;
  out.id = id;
  out.duration = duration;
  out.started_steady = loop_stats::time_point{1000s};
  out.verdict = cause;
  return out;
}

class loop_stats_test : public ::testing::Test {
 protected:
  const loop_stats::time_point start_{1000s};
  thread_roster roster_{25ms, std::make_shared<wake_signal>()};
  loop_stats stats_{25ms, 2, roster_};
};

TEST_F(loop_stats_test, gives_each_reader_its_own_window) {
  const auto early = stats_.open_window(start_);
  stats_.add_ended_stall(stall_of(1, 40ms));
  const auto late = stats_.open_window(start_ + 1s);
  EXPECT_EQ(stats_.read(late, start_ + 2s).stalls, 0U);
  const auto figures = stats_.read(early, start_ + 2s);
  EXPECT_EQ(figures.elapsed, 2s);
  EXPECT_EQ(figures.stalls, 1U);
  EXPECT_EQ(figures.longest_stall, 40ms);
  const auto next = stats_.read(early, start_ + 3s);
  EXPECT_EQ(next.elapsed, 1s);
  EXPECT_EQ(next.stalls, 0U);
  EXPECT_FALSE(next.longest_stall);
}

TEST_F(loop_stats_test, counts_the_stall_in_progress_in_every_window) {
  const auto window = stats_.open_window(start_);
  stats_.set_open_stall(stall_of(1, 30ms));
  stats_.set_lag_since(start_ + 10ms);
  for (const auto now : {start_ + 50ms, start_ + 80ms}) {
    const auto figures = stats_.read(window, now);
    EXPECT_EQ(figures.stalls, 1U);
    EXPECT_EQ(figures.longest_stall, now - start_);
    EXPECT_EQ(figures.raw.max, now - start_ - 10ms);
  }
  EXPECT_EQ(stats_.recent_stalls().size(), 1U);
}

TEST_F(loop_stats_test, keeps_the_newest_stalls_and_the_one_in_progress) {
  for (std::uint64_t id = 1; id <= 3; ++id) stats_.add_ended_stall(stall_of(id, 40ms));
  stats_.set_open_stall(stall_of(4, 30ms));
  auto more = stall_of(3, 40ms);
  more.delayed.count = 9;
  stats_.update_ended_stall(more);
  const auto recent = stats_.recent_stalls();
  ASSERT_EQ(recent.size(), 3U);
  EXPECT_EQ(recent[0].id, 4U);
  EXPECT_EQ(recent[1].id, 3U);
  EXPECT_EQ(recent[1].delayed.count, 9U);
  EXPECT_EQ(recent[2].id, 2U);
}

TEST_F(loop_stats_test, adds_up_ended_stalls_by_verdict) {
  stats_.add_ended_stall(stall_of(1, 40ms, verdict::off_cpu));
  stats_.add_ended_stall(stall_of(2, 50ms, verdict::off_cpu));
  stats_.add_ended_stall(stall_of(3, 60ms, verdict::on_cpu));
  const auto counters = stats_.by_verdict();
  EXPECT_EQ(counters[static_cast<std::size_t>(verdict::off_cpu)].stalls, 2U);
  EXPECT_EQ(counters[static_cast<std::size_t>(verdict::off_cpu)].total, 90ms);
  EXPECT_EQ(counters[static_cast<std::size_t>(verdict::on_cpu)].total, 60ms);
}

TEST_F(loop_stats_test, corrects_lag_for_the_deadlines_that_a_late_probe_stands_for) {
  stats_.add_lag({100ms, 4, 1ms}, start_);
  const auto total = stats_.total(start_ + 1s);
  EXPECT_EQ(total.raw.count, 1U);
  // 100, 75, 50 and 25 ms, and four idle deadlines.
  EXPECT_EQ(total.corrected.count, 8U);
  EXPECT_EQ(total.corrected.sum, 254ms);
  EXPECT_EQ(stats_.max_recent_lag(start_ + 100ms), 100ms);
}

TEST_F(loop_stats_test, knows_the_share_of_busy_deadlines) {
  EXPECT_FALSE(stats_.total(start_).busy_share);
  for (const bool busy : {true, false, false, false}) stats_.add_deadline(busy ? 1 : 0, 1);
  EXPECT_EQ(stats_.total(start_).busy_share, 0.25);
  stats_.add_deadline(4, 4);
  EXPECT_EQ(stats_.total(start_).busy_share, 0.625);
}

}  // namespace
}  // namespace loopscope::monitor
