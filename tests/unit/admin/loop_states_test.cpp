// SPDX-License-Identifier: MIT

#include "server/admin/loop_states.hpp"

#include <gtest/gtest.h>

namespace loopscope::admin {
namespace {

std::shared_ptr<const monitor::loop_watch> make_watch() {
  return std::make_shared<monitor::loop_watch>(
      monitor::loop_hooks{.post = [](const monitor::probe&) {}, .stopped = [] { return true; }}, monitor::options{});
}

struct counted {
  explicit counted(const monitor::loop_watch&) {}
  int updates = 0;
};

TEST(loop_states, a_state_stays_while_its_loop_exists) {
  loop_states<counted> states;
  const auto one = make_watch(), two = make_watch();
  states.update({{"one", one}});
  states.find(one)->updates = 7;
  states.update({{"two", two}, {"one", one}});
  EXPECT_EQ(states.find(one)->updates, 7);
  EXPECT_EQ(states.find(two)->updates, 0);
}

TEST(loop_states, a_loop_that_is_gone_loses_its_state_and_is_released) {
  loop_states<counted> states;
  auto one = make_watch();
  const std::weak_ptr<const monitor::loop_watch> seen = one;
  states.update({{"one", one}});
  states.update({});
  EXPECT_EQ(states.find(one), nullptr);
  one.reset();
  EXPECT_TRUE(seen.expired());
}

TEST(loop_states, another_loop_of_the_same_name_starts_anew) {
  loop_states<counted> states;
  auto one = make_watch();
  states.update({{"one", one}});
  states.find(one)->updates = 7;
  one = make_watch();
  states.update({{"one", one}});
  EXPECT_EQ(states.find(one)->updates, 0);
}

}  // namespace
}  // namespace loopscope::admin
