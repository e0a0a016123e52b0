#include "server/monitor/watch/lag.hpp"

#include <gtest/gtest.h>

namespace loopscope::monitor {
namespace {

using namespace std::chrono_literals;

constexpr recent_lag::time_point start{1000s};

TEST(recent_lag, knows_nothing_before_the_first_measurement) {
  EXPECT_FALSE(recent_lag{}.max(start));
}

TEST(recent_lag, is_the_worst_of_the_last_second) {
  recent_lag lag;
  lag.add(start, 2ms);
  lag.add(start + 50ms, 80ms);
  lag.add(start + 150ms, 1ms);
  EXPECT_EQ(lag.max(start + 200ms), 80ms);
  EXPECT_EQ(lag.max(start + 900ms), 80ms);
}

TEST(recent_lag, forgets_what_is_older_and_keeps_what_is_not) {
  recent_lag lag;
  lag.add(start, 80ms);
  lag.add(start + 500ms, 1ms);
  EXPECT_EQ(lag.max(start + 1100ms), 1ms);
}

TEST(recent_lag, knows_nothing_when_no_measurement_is_fresh) {
  recent_lag lag;
  lag.add(start, 80ms);
  EXPECT_FALSE(lag.max(start + 2s));
}

TEST(recent_lag, starts_a_slot_anew_when_its_time_comes_again) {
  recent_lag lag;
  lag.add(start, 80ms);
  lag.add(start + 1s, 3ms);  // the same slot
  EXPECT_EQ(lag.max(start + 1s), 3ms);
}

}  // namespace
}  // namespace loopscope::monitor
