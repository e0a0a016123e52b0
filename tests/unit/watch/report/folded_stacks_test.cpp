// SPDX-License-Identifier: MIT

#include "server/watch/report/folded_stacks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

namespace loopscope::watch {
namespace {

using namespace std::chrono_literals;

monitor::stall_record stall_with(std::vector<monitor::stack_frame> stack, std::chrono::nanoseconds duration) {
  monitor::stall_record stall;
  stall.stack = std::move(stack);
  stall.duration = duration;
  return stall;
}

TEST(folded_stacks, go_from_the_outermost_frame_to_the_innermost_with_their_microseconds) {
  folded_stacks stacks;
  stacks.add("node", stall_with({{"write", "", 0}, {"handle", "/srv/server.js", 41}, {"main", "", 0}}, 30ms));
  stacks.add("node", stall_with({{"write", "", 0}, {"handle", "/srv/server.js", 43}, {"main", "", 0}}, 1'500us));
  stacks.add("node", stall_with({{"main", "", 0}}, 40ms));
  EXPECT_EQ(stacks.text(), "node;main 40000\nnode;main;handle (/srv/server.js);write 31500\n");
}

TEST(folded_stacks, without_a_stack_have_the_reason) {
  folded_stacks stacks;
  auto stall = stall_with({}, 25ms);
  stacks.add("nginx", stall);
  stall.no_stack_reason = "ptrace is not permitted; see Yama";
  stall.duration = 26ms;
  stacks.add("nginx", stall);
  EXPECT_EQ(stacks.text(),
            "nginx;[no stack: ptrace is not permitted, see Yama] 26000\nnginx;[no stack: reason unknown] 25000\n");
}

TEST(folded_stacks, frames_hold_nothing_that_separates) {
  folded_stacks stacks;
  stacks.add("a;b\nc", stall_with({{"", "", 0}, {"", "/srv/x.js", 3}, {" f 12", "", 0}, {"g\xff (1 2)", "", 0}}, 25ms));
  EXPECT_EQ(stacks.text(), "a,b\\nc;g\\xff (1 2);f_12;/srv/x.js;[unknown] 25000\n");
}

TEST(folded_stacks, a_number_behind_a_space_is_no_second_weight) {
  folded_stacks stacks;
  stacks.add("node", stall_with({{"Function: 1 2.5", "", 0}}, 25ms));
  EXPECT_EQ(stacks.text(), "node;Function: 1_2.5 25000\n");
}

TEST(folded_stacks, keep_the_most_expensive_within_their_memory) {
  folded_stacks stacks{1'000};
  for (int i = 0; i < 1'000; ++i)
    stacks.add("node", stall_with({{"f" + std::to_string(i), "", 0}}, i == 500 ? 10s : 25ms));
  stacks.add("node", stall_with({{std::string(5'000, 'x'), "", 0}}, 1s));
  const auto text = stacks.text();
  EXPECT_LT(text.size(), 1'000U);
  EXPECT_TRUE(text.starts_with("node;f500 10000000\n")) << text;
  std::size_t others = 0;
  ASSERT_EQ(std::sscanf(text.substr(text.find("[other stacks]")).c_str(), "[other stacks] %zu", &others), 1);
  const auto kept = static_cast<std::size_t>(std::ranges::count(text, '\n')) - 2;
  EXPECT_EQ(others, (999 - kept) * 25'000 + 1'000'000);
}

TEST(folded_stacks, are_empty_without_a_stall) {
  EXPECT_EQ(folded_stacks{}.text(), "");
}

}  // namespace
}  // namespace loopscope::watch
