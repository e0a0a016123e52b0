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
time_breakdown account() {
  return {at(0), {milliseconds{1000}, milliseconds{500}}, host_pressure{milliseconds{70}, milliseconds{3}}};
}

TEST(time_breakdown, subtracts_what_was_before_the_stall) {
  const auto e =
      account().at_end({at(0), at(100)}, milliseconds{1060}, milliseconds{530}, {milliseconds{75}, milliseconds{5}});
  EXPECT_EQ(e.wall, milliseconds{100});
  EXPECT_EQ(e.cpu, milliseconds{60});
  EXPECT_EQ(e.run_queue, milliseconds{30});
  EXPECT_EQ(e.off_cpu(), milliseconds{10});
  EXPECT_EQ(e.throttled, milliseconds{5});
  EXPECT_EQ(e.watchdog_late, milliseconds{2});
}

TEST(time_breakdown, keeps_the_parts_within_the_whole) {
  const auto e = account().at_end({at(0), at(100)}, milliseconds{1101}, milliseconds{530}, {});
  EXPECT_EQ(e.cpu, milliseconds{100});
  EXPECT_EQ(e.run_queue, nanoseconds{0});
  EXPECT_FALSE(e.throttled);
}

TEST(time_breakdown, counts_a_wait_in_the_run_queue_before_the_kernel_does) {
  auto a = account();
  a.add_sample(sample_at(50, thread_state::runnable, 1010, 500));
  a.add_sample(sample_at(60, thread_state::runnable, 1010, 500));
  EXPECT_EQ(a.so_far(at(60), {}).run_queue, milliseconds{50});
  // It ran again: the kernel's total now holds the whole wait.
  a.add_sample(sample_at(70, thread_state::runnable, 1012, 555));
  const auto e = a.so_far(at(70), {});
  EXPECT_EQ(e.run_queue, milliseconds{55});
  EXPECT_EQ(e.cpu, milliseconds{12});
}

TEST(time_breakdown, takes_a_sleeping_thread_for_no_waiting_one) {
  auto a = account();
  a.add_sample(sample_at(50, thread_state::asleep, 1001, 500));
  a.add_sample(sample_at(60, thread_state::asleep, 1001, 500));
  const auto e = a.so_far(at(60), {});
  EXPECT_EQ(e.run_queue, nanoseconds{0});
  EXPECT_EQ(e.off_cpu(), milliseconds{59});
}

TEST(time_breakdown, knows_no_queue_where_the_kernel_tells_none) {
  time_breakdown a(at(0), {milliseconds{1000}, std::nullopt}, {});
  auto s = sample_at(50, thread_state::asleep, 1010, 0);
  s.run_queue.reset();
  a.add_sample(s);
  EXPECT_FALSE(a.so_far(at(50), {}).run_queue);
  EXPECT_FALSE(a.so_far(at(50), {}).off_cpu());
  EXPECT_EQ(a.so_far(at(50), {}).cpu, milliseconds{10});
}

}  // namespace
}  // namespace loopscope::monitor
