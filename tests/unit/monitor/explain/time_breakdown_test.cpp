// SPDX-License-Identifier: MIT

#include "server/monitor/explain/time_breakdown.hpp"

#include <gtest/gtest.h>

namespace loopscope::monitor {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

stall_tracker::time_point at(int ms) {
  return stall_tracker::time_point{} + std::chrono::hours{1} + milliseconds{ms};
}

thread_sample sample_at(int ms, thread_state state, int cpu_ms, int queue_ms) {
  thread_sample s;
  s.time = at(ms);
  s.state = state;
  s.cpu = milliseconds{cpu_ms};
  s.run_queue = milliseconds{queue_ms};
  return s;
}

// The thread's totals were 1000 and 500 ms when the stall began.
time_breakdown breakdown() {
  return {at(0), {milliseconds{1000}, milliseconds{500}}, host_pressure{milliseconds{70}, milliseconds{3}}};
}

TEST(time_breakdown, subtracts_the_totals_before_the_stall) {
  const auto split =
      breakdown().at_end({at(0), at(100)}, milliseconds{1060}, milliseconds{530}, {milliseconds{75}, milliseconds{5}});
  EXPECT_EQ(split.wall, milliseconds{100});
  EXPECT_EQ(split.cpu, milliseconds{60});
  EXPECT_EQ(split.run_queue, milliseconds{30});
  EXPECT_EQ(split.off_cpu(), milliseconds{10});
  EXPECT_EQ(split.throttled, milliseconds{5});
  EXPECT_EQ(split.watchdog_late, milliseconds{2});
}

TEST(time_breakdown, keeps_the_parts_within_the_whole) {
  const auto split = breakdown().at_end({at(0), at(100)}, milliseconds{1101}, milliseconds{530}, {});
  EXPECT_EQ(split.cpu, milliseconds{100});
  EXPECT_EQ(split.run_queue, nanoseconds{0});
  EXPECT_FALSE(split.throttled);
}

TEST(time_breakdown, counts_a_wait_in_the_run_queue_before_the_kernel_does) {
  auto times = breakdown();
  times.add_sample(sample_at(50, thread_state::runnable, 1010, 500));
  times.add_sample(sample_at(60, thread_state::runnable, 1010, 500));
  EXPECT_EQ(times.so_far(at(60), {}).run_queue, milliseconds{50});
  // It ran again: the kernel's total now holds the whole wait.
  times.add_sample(sample_at(70, thread_state::runnable, 1012, 555));
  const auto split = times.so_far(at(70), {});
  EXPECT_EQ(split.run_queue, milliseconds{55});
  EXPECT_EQ(split.cpu, milliseconds{12});
}

TEST(time_breakdown, does_not_count_a_sleep_as_a_wait_in_the_run_queue) {
  auto times = breakdown();
  times.add_sample(sample_at(50, thread_state::asleep, 1001, 500));
  times.add_sample(sample_at(60, thread_state::asleep, 1001, 500));
  const auto split = times.so_far(at(60), {});
  EXPECT_EQ(split.run_queue, nanoseconds{0});
  EXPECT_EQ(split.off_cpu(), milliseconds{59});
}

TEST(time_breakdown, has_no_run_queue_where_the_kernel_reports_none) {
  time_breakdown times(at(0), {milliseconds{1000}, std::nullopt}, {});
  auto s = sample_at(50, thread_state::asleep, 1010, 0);
  s.run_queue.reset();
  times.add_sample(s);
  EXPECT_FALSE(times.so_far(at(50), {}).run_queue);
  EXPECT_FALSE(times.so_far(at(50), {}).off_cpu());
  EXPECT_EQ(times.so_far(at(50), {}).cpu, milliseconds{10});
}

time_split split_of(int wall_ms, int cpu_ms, int queue_ms) {
  time_split out;
  out.wall = milliseconds{wall_ms};
  out.cpu = milliseconds{cpu_ms};
  out.run_queue = milliseconds{queue_ms};
  return out;
}

TEST(verdict, is_on_cpu_when_the_thread_computed_half_of_the_time) {
  EXPECT_EQ(classify(split_of(100, 50, 50)), verdict::on_cpu);
}

TEST(verdict, is_run_queue_when_others_had_the_cpu) {
  EXPECT_EQ(classify(split_of(100, 30, 60)), verdict::run_queue);
}

TEST(verdict, is_off_cpu_when_the_thread_slept) {
  EXPECT_EQ(classify(split_of(100, 20, 10)), verdict::off_cpu);
}

TEST(verdict, is_the_largest_part_when_none_is_half) {
  EXPECT_EQ(classify(split_of(100, 40, 30)), verdict::on_cpu);
  EXPECT_EQ(classify(split_of(100, 30, 40)), verdict::run_queue);
  EXPECT_EQ(classify(split_of(100, 30, 25)), verdict::off_cpu);
}

TEST(verdict, is_throttled_when_the_quota_explains_the_waiting) {
  auto split = split_of(100, 20, 80);
  split.throttled = milliseconds{70};
  split.watchdog_late = milliseconds{70};
  EXPECT_EQ(classify(split), verdict::throttled);
  split.throttled = milliseconds{20};
  split.watchdog_late = milliseconds{0};
  EXPECT_EQ(classify(split), verdict::run_queue);
}

TEST(verdict, is_on_cpu_although_a_little_throttling_came_on_top) {
  auto split = split_of(100, 80, 20);
  split.throttled = milliseconds{20};
  EXPECT_EQ(classify(split), verdict::on_cpu);
}

TEST(verdict, blames_no_code_when_the_watchdog_was_not_run_either) {
  auto split = split_of(100, 10, 5);
  split.watchdog_late = milliseconds{60};
  EXPECT_EQ(classify(split), verdict::descheduled);
}

TEST(verdict, blames_the_code_that_computed_while_the_watchdog_was_late) {
  auto split = split_of(100, 90, 5);
  split.watchdog_late = milliseconds{60};
  EXPECT_EQ(classify(split), verdict::on_cpu);
}

TEST(time_split, has_no_off_cpu_time_while_the_run_queue_is_unknown) {
  auto split = split_of(100, 20, 10);
  EXPECT_EQ(split.off_cpu(), milliseconds{70});
  split.run_queue.reset();
  EXPECT_FALSE(split.off_cpu());
  EXPECT_EQ(classify(split), verdict::off_cpu);
}

TEST(time_split, has_no_negative_off_cpu_time) {
  EXPECT_EQ(split_of(100, 80, 30).off_cpu(), milliseconds{0});
}

}  // namespace
}  // namespace loopscope::monitor
