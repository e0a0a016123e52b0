// SPDX-License-Identifier: MIT

#include "writers/methods/slice_policy.hpp"

#include <gtest/gtest.h>

namespace loopscope::writers {
namespace {

using namespace std::chrono_literals;

TEST(slice_policy, grows_to_its_maximum_while_nobody_waits) {
  slice_policy policy{500us};
  EXPECT_EQ(policy.slice(), 50us);
  auto before = policy.slice();
  for (int i = 0; i < 1000; ++i) {
    policy.yielded(2us);
    EXPECT_GE(policy.slice(), before);
    before = policy.slice();
  }
  EXPECT_EQ(policy.slice(), 500us);
}

TEST(slice_policy, shrinks_at_each_yield_in_which_others_ran) {
  slice_policy policy{400us};
  for (int i = 0; i < 1000; ++i) policy.yielded(2us);
  policy.yielded(20us);
  EXPECT_EQ(policy.slice(), 200us);
  for (int i = 0; i < 10; ++i) policy.yielded(20us);
  EXPECT_EQ(policy.slice(), 50us);
}

TEST(slice_policy, stays_short_while_a_request_comes_every_millisecond) {
  slice_policy policy{500us};
  for (int i = 0; i < 1000; ++i) policy.yielded(i % 20 == 0 ? 30us : 2us);
  EXPECT_EQ(policy.slice(), 50us);
}

TEST(slice_policy, never_exceeds_a_maximum_below_the_shortest_slice) {
  slice_policy policy{10us};
  for (int i = 0; i < 1000; ++i) policy.yielded(2us);
  EXPECT_EQ(policy.slice(), 10us);
  policy.yielded(1ms);
  EXPECT_EQ(policy.slice(), 10us);
}

}  // namespace
}  // namespace loopscope::writers
