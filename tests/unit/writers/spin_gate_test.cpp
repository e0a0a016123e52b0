// SPDX-License-Identifier: MIT

#include "writers/file/spin_gate.hpp"

#include <gtest/gtest.h>

namespace loopscope::writers {
namespace {

using namespace std::chrono_literals;

constexpr spin_gate::clock::time_point some_time{1h};

TEST(spin_gate, stays_open_while_spinning_pays) {
  spin_gate gate;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(gate.should_spin(some_time));
    i % 4 == 0 ? gate.succeeded() : gate.failed();
  }
}

TEST(spin_gate, retries_rarely_after_failures_in_a_row) {
  spin_gate gate;
  for (int i = 0; i < 8; ++i) gate.failed();
  int spins = 0;
  for (int i = 0; i < 640; ++i) {
    if (!gate.should_spin(some_time)) continue;
    ++spins;
    gate.failed();
  }
  EXPECT_EQ(spins, 10);
}

TEST(spin_gate, opens_again_at_the_first_success) {
  spin_gate gate;
  for (int i = 0; i < 8; ++i) gate.failed();
  gate.succeeded();
  EXPECT_TRUE(gate.should_spin(some_time));
}

TEST(spin_gate, stays_closed_for_a_while_after_another_thread_wanted_the_core) {
  spin_gate gate;
  gate.unwanted(some_time);
  EXPECT_FALSE(gate.should_spin(some_time + 9ms));
  EXPECT_TRUE(gate.should_spin(some_time + 10ms));
}

}  // namespace
}  // namespace loopscope::writers
