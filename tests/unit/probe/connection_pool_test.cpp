// SPDX-License-Identifier: MIT

#include "load/probe/connection_pool.hpp"

#include <gtest/gtest.h>

namespace loopscope::probe {
namespace {

using step = connection_pool::step;

/// A pool with `idle` idle connections in slots 0, 1, ...
connection_pool pool_with(std::size_t most, std::size_t idle) {
  connection_pool pool(most);
  for (std::size_t i = 0; i < idle; ++i) EXPECT_FALSE(pool.freed(pool.open_spare(), true));
  return pool;
}

TEST(connection_pool, uses_the_idle_connection_used_last) {
  auto pool = pool_with(4, 2);
  const auto first = pool.place(0);
  EXPECT_EQ(first.next, step::send);
  EXPECT_EQ(first.slot, 1u);
  EXPECT_EQ(pool.request_of(1), 0u);
  EXPECT_FALSE(pool.freed(1, false));
  EXPECT_EQ(pool.place(1).slot, 1u);
}

TEST(connection_pool, uses_all_idle_connections_in_turn_when_told_to) {
  connection_pool pool(2, connection_pool::idle_order::in_turn);
  for (int i = 0; i < 2; ++i) pool.freed(pool.open_spare(), true);
  for (request_id request = 0; request < 4; ++request) {
    EXPECT_EQ(pool.place(request).slot, request % 2);
    pool.freed(request % 2, false);
  }
}

TEST(connection_pool, opens_another_when_all_are_busy_and_sends_when_it_is_connected) {
  auto pool = pool_with(2, 1);
  pool.place(0);
  const auto second = pool.place(1);
  EXPECT_EQ(second.next, step::open);
  EXPECT_EQ(pool.freed(second.slot, true), 1u);
  EXPECT_EQ(pool.opened(), 2u);
  EXPECT_EQ(pool.peak(), 2u);
}

TEST(connection_pool, queues_beyond_the_bound_in_the_order_of_the_schedule) {
  auto pool = pool_with(1, 1);
  pool.place(0);
  EXPECT_EQ(pool.place(1).next, step::wait);
  EXPECT_EQ(pool.place(2).next, step::wait);
  EXPECT_EQ(pool.max_queue(), 2u);
  EXPECT_EQ(pool.freed(0, false), 1u);
  EXPECT_EQ(pool.freed(0, false), 2u);
  EXPECT_FALSE(pool.freed(0, false));
  EXPECT_EQ(pool.place(3).next, step::send);
}

TEST(connection_pool, a_connection_that_opens_without_a_request_takes_the_first_in_line) {
  connection_pool pool(1);
  const slot_id spare = pool.open_spare();
  EXPECT_EQ(pool.place(0).next, step::wait);
  EXPECT_EQ(pool.freed(spare, true), 0u);
}

TEST(connection_pool, a_lost_idle_connection_is_not_used_again) {
  auto pool = pool_with(2, 2);
  EXPECT_FALSE(pool.closed(1));
  EXPECT_EQ(pool.open_now(), 1u);
  EXPECT_EQ(pool.place(0).slot, 0u);
  EXPECT_EQ(pool.place(1).next, step::open);
}

TEST(connection_pool, replaces_a_lost_connection_for_the_first_in_line) {
  auto pool = pool_with(1, 1);
  pool.place(0);
  pool.place(1);
  const auto next = pool.closed(0);
  ASSERT_TRUE(next);
  EXPECT_EQ(pool.request_of(*next), 1u);
  EXPECT_EQ(pool.freed(*next, true), 1u);
  EXPECT_EQ(pool.peak(), 1u);
  EXPECT_EQ(pool.opened(), 2u);
}

}  // namespace
}  // namespace loopscope::probe
