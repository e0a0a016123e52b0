// SPDX-License-Identifier: MIT

#include "server/monitor/detect/host_pressure.hpp"

#include <gtest/gtest.h>

namespace loopscope::monitor {
namespace {

using steady = std::chrono::steady_clock;
using std::chrono::seconds;

// The times are injected, but for the wait of this thread in a run queue: far less than a second.
TEST(host_pressure, adds_up_how_late_the_watchdog_wakes_up) {
  host_pressure_meter meter;
  const auto now = steady::now();
  const auto first = meter.on_wake(now, now).watchdog_late;
  EXPECT_LT(first, seconds{1});
  const auto second = meter.on_wake(now - seconds{40}, now).watchdog_late;
  EXPECT_GT(second - first, seconds{39});
  EXPECT_LE(second - first, seconds{40});
}

TEST(host_pressure, adds_up_interruptions_of_the_watchdogs_work) {
  host_pressure_meter meter;
  const auto now = steady::now();
  const auto before = meter.on_wake(now, now).watchdog_late;
  meter.on_sleep(now + seconds{40});
  const auto lost = meter.on_wake(now, now).watchdog_late - before;
  EXPECT_GT(lost, seconds{39});
  EXPECT_LE(lost, seconds{40});
}

TEST(host_pressure, does_not_count_the_watchdogs_own_waits) {
  host_pressure_meter meter;
  const auto now = steady::now();
  const auto before = meter.on_wake(now, now).watchdog_late;
  meter.on_sleep(now + std::chrono::milliseconds{10});
  EXPECT_EQ(meter.on_wake(now, now).watchdog_late, before);
}

}  // namespace
}  // namespace loopscope::monitor
