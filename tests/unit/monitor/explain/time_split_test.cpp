#include "server/monitor/explain/time_breakdown.hpp"

#include <gtest/gtest.h>

namespace loopscope::monitor {
namespace {

using std::chrono::milliseconds;

time_split of(int wall_ms, int cpu_ms, int queue_ms) {
  time_split out;
  out.wall = milliseconds{wall_ms};
  out.cpu = milliseconds{cpu_ms};
  out.run_queue = milliseconds{queue_ms};
  return out;
}

TEST(verdict, is_on_cpu_when_half_of_the_time_was_computed) {
  EXPECT_EQ(classify(of(100, 50, 50)), verdict::on_cpu);
}

TEST(verdict, is_run_queue_when_others_had_the_cpu) {
  EXPECT_EQ(classify(of(100, 30, 60)), verdict::run_queue);
}

TEST(verdict, is_off_cpu_when_the_thread_slept) {
  EXPECT_EQ(classify(of(100, 20, 10)), verdict::off_cpu);
}

TEST(verdict, is_the_largest_part_when_none_is_half) {
  EXPECT_EQ(classify(of(100, 40, 30)), verdict::on_cpu);
  EXPECT_EQ(classify(of(100, 30, 40)), verdict::run_queue);
  EXPECT_EQ(classify(of(100, 30, 25)), verdict::off_cpu);
}

TEST(verdict, is_throttled_when_the_quota_explains_the_waiting) {
  auto e = of(100, 20, 80);
  e.throttled = milliseconds{70};
  e.watchdog_late = milliseconds{70};
  EXPECT_EQ(classify(e), verdict::throttled);
  e.throttled = milliseconds{20};
  e.watchdog_late = milliseconds{0};
  EXPECT_EQ(classify(e), verdict::run_queue);
}

TEST(verdict, is_on_cpu_although_a_little_throttling_came_on_top) {
  auto e = of(100, 80, 20);
  e.throttled = milliseconds{20};
  EXPECT_EQ(classify(e), verdict::on_cpu);
}

TEST(verdict, blames_no_code_when_the_watchdog_was_not_run_either) {
  auto e = of(100, 10, 5);
  e.watchdog_late = milliseconds{60};
  EXPECT_EQ(classify(e), verdict::descheduled);
}

TEST(verdict, blames_the_code_that_computed_while_the_watchdog_was_late) {
  auto e = of(100, 90, 5);
  e.watchdog_late = milliseconds{60};
  EXPECT_EQ(classify(e), verdict::on_cpu);
}

TEST(time_split, leaves_off_cpu_time_unknown_while_a_part_of_the_rest_is) {
  auto e = of(100, 20, 10);
  EXPECT_EQ(e.off_cpu(), milliseconds{70});
  e.run_queue.reset();
  EXPECT_FALSE(e.off_cpu());
  EXPECT_EQ(classify(e), verdict::off_cpu);
}

TEST(time_split, never_gives_a_negative_rest) {
  EXPECT_EQ(of(100, 80, 30).off_cpu(), milliseconds{0});
}

}  // namespace
}  // namespace loopscope::monitor
