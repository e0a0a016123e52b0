// SPDX-License-Identifier: MIT

#include "server/http/parse/input_buffer.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace loopscope::http {
namespace {

void feed(input_buffer& in, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto room = in.prepare();
    const auto taken = std::min(room.size(), bytes.size());
    ASSERT_GT(taken, 0U);
    std::memcpy(room.data(), bytes.data(), taken);
    in.commit(taken);
    bytes.remove_prefix(taken);
  }
}

TEST(input_buffer, keeps_the_order_through_growth_and_use) {
  input_buffer in(10'000);
  feed(in, std::string(1900, 'a'));
  in.consume(1000);
  feed(in, std::string(5000, 'b'));
  EXPECT_EQ(in.data(), std::string(900, 'a') + std::string(5000, 'b'));
}

TEST(input_buffer, gives_no_room_beyond_its_bound) {
  input_buffer in(4096);
  feed(in, std::string(4096, 'x'));
  EXPECT_TRUE(in.full());
  EXPECT_TRUE(in.prepare().empty());
}

TEST(input_buffer, does_not_move_while_a_read_is_in_flight) {
  input_buffer in(10'000);
  feed(in, "abc");
  const auto room = in.prepare();
  in.consume(3);
  std::memcpy(room.data(), "def", 3);
  in.commit(3);
  EXPECT_EQ(in.data(), "def");
}

TEST(input_buffer, gives_growth_back_when_empty) {
  input_buffer in(100'000);
  feed(in, std::string(50'000, 'x'));
  in.consume(50'000);
  EXPECT_GT(in.prepare().size(), 40'000U);
  in.commit(0);
  in.shrink_if_empty();
  EXPECT_LT(in.prepare().size(), 4'000U);
}

}  // namespace
}  // namespace loopscope::http
