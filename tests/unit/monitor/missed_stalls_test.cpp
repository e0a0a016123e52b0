// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <thread>

#include "blockers.hpp"
#include "running_loop.hpp"

namespace loopscope::monitor::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using steady = std::chrono::steady_clock;

/// A stall as the handler itself measured it.
struct own_measurement {
  steady::time_point posted;
  steady::time_point began;
  steady::time_point ended;
};

// The loop is blocked at the earliest since the handler was posted, when its thread is woken but does not run yet, and
// at the latest since the handler's first line.
nanoseconds error_of(nanoseconds duration, const own_measurement& truth) {
  const nanoseconds min = truth.ended - truth.began;
  const nanoseconds max = truth.ended - truth.posted;
  if (duration < min) return min - duration;
  return std::max(nanoseconds{0}, duration - max);
}

/// Measures how late the machine runs a thread that sleeps and then wants to run, as the watchdog does.
class punctuality {
 public:
  /// The maximum lateness since the last call.
  nanoseconds max_lateness() { return nanoseconds{max_ns_.exchange(0)}; }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto due = steady::now() + milliseconds{2};
      std::this_thread::sleep_until(due);
      const nanoseconds late = steady::now() - due;
      if (late.count() > max_ns_) max_ns_ = late.count();
    }
  }

  std::atomic<std::int64_t> max_ns_{0};
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

unsigned chosen_seed() {
  const char* given = std::getenv("LOOPSCOPE_SEED");
  return given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
}

int chosen_count() {
  const char* given = std::getenv("LOOPSCOPE_TEST_STALLS");
  return given ? std::max(1, std::atoi(given)) : 20;
}

// LOOPSCOPE_SEED repeats a run; LOOPSCOPE_TEST_STALLS=200 is the long form. A stall is not judged if the machine ran a
// punctual thread more than max_lateness late meanwhile: it may have done the same to the watchdog.
TEST(stalls_at_random_times, are_all_counted_with_their_duration) {
  constexpr milliseconds max_lateness{5};
  // The interval between two checks is what the library promises where the kernel reports nothing.
  constexpr milliseconds max_error{25};
  const auto seed = chosen_seed();
  std::cout << "LOOPSCOPE_SEED=" << seed << std::endl;
  std::mt19937 random{seed};
  std::uniform_int_distribution<int> length_us(30'000, 300'000);
  std::uniform_int_distribution<int> gap_us(150'000, 350'000);
  std::uniform_int_distribution<int> kind(0, 2);

  running_loop loop({.name = "io-0", .recent_capacity = 1000});
  punctuality machine;
  loop.settle();
  const int count = chosen_count();
  int judged = 0;
  nanoseconds max_seen_error{0};
  for (int i = 0; i < count; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds{gap_us(random)});
    const auto before = loop.last_id();
    const std::chrono::microseconds length{length_us(random)};
    const int how = kind(random);
    own_measurement truth;
    machine.max_lateness();
    truth.posted = steady::now();
    loop.run([&] {
      truth.began = steady::now();
      const auto end = truth.began + length;
      if (how == 0) app::blocking_spin_until(end);
      if (how == 1) app::blocking_sleep_until(end);
      if (how == 2) {
        app::blocking_spin_until(truth.began + length / 2);
        app::blocking_sleep_until(end);
      }
      truth.ended = steady::now();
    });
    const auto stalls = loop.stalls_after(before);
    if (machine.max_lateness() > max_lateness) continue;
    ++judged;
    const auto description = "kind " + std::to_string(how) + ", " + std::to_string(length.count()) + " us";
    if (stalls.empty()) {
      ADD_FAILURE() << "missed: " << description;
      continue;
    }
    const auto found = std::ranges::max(stalls, {}, &stall_record::duration);
    const auto error = error_of(found.duration, truth);
    max_seen_error = std::max(max_seen_error, error);
    EXPECT_LE(error, std::max<nanoseconds>(max_error, length / 20)) << "inaccurate: " << description;
  }
  std::cout << judged << " of " << count << " stalls judged, largest error " << max_seen_error.count() / 1000
            << " us\n";
  if (judged * 2 < count) GTEST_SKIP() << "this machine is too busy to judge half of the stalls";
}

}  // namespace
}  // namespace loopscope::monitor::testing
