// SPDX-License-Identifier: MIT

#include "server/watch/preload/turn_recorder.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace loopscope::watch {
namespace {

constexpr std::uintptr_t outer = 0x7000;  // stack pointers: the stack grows down
constexpr std::uintptr_t inner = 0x6000;
constexpr std::int64_t long_turn = 1'000'000;

class turn_recorder_test : public ::testing::Test {
 protected:
  static wait_place poll_at(std::uintptr_t address, std::uintptr_t stack = outer) {
    return {wait_kind::poll, -1, address, stack};
  }
  static wait_place epoll_at(std::uintptr_t address, std::uintptr_t stack, int descriptor) {
    return {wait_kind::epoll_wait, descriptor, address, stack};
  }
  static wait_place condition_at(std::uintptr_t address, std::uintptr_t stack = outer) {
    return {wait_kind::condition, -1, address, stack};
  }

  auto clock() {
    return [this] { return now; };
  }
  // A wait of 100 ns after 10 ns of work.
  std::size_t wait(const wait_place& place, int times = 1) {
    std::size_t site = 0;
    for (int i = 0; i < times; ++i) {
      now += 10;
      site = recorder.entered(place, clock());
      now += 100;
      recorder.returned(site, clock());
    }
    return site;
  }
  bool is_loop(const wait_place& place) const {
    for (const auto& site : words->sites) {
      if (site.return_address == place.return_address && site.is_loop == 1) return true;
    }
    return false;
  }
  std::uint64_t counted() const {
    std::uint64_t sum = 0;
    for (const auto& turns : words->turns) sum += turns;
    return sum;
  }

  std::unique_ptr<thread_words> words = std::make_unique<thread_words>();
  turn_recorder recorder{*words, long_turn};
  std::int64_t now = 1'000;
};

TEST_F(turn_recorder_test, a_place_is_a_loops_wait_after_three_returns) {
  wait(poll_at(1), 2);
  EXPECT_FALSE(is_loop(poll_at(1)));
  EXPECT_EQ(words->turn, 0U);
  wait(poll_at(1));
  EXPECT_TRUE(is_loop(poll_at(1)));
  EXPECT_EQ(words->is_loop, 1U);
  EXPECT_EQ(words->turn, 1U);
  EXPECT_EQ(words->turn_start, now);
}

TEST_F(turn_recorder_test, a_turn_runs_from_the_return_to_the_next_wait) {
  wait(poll_at(1), 3);
  now += 500;
  const auto site = recorder.entered(poll_at(1), clock());
  EXPECT_EQ(words->turn, 2U);
  EXPECT_EQ(words->turn_end - words->turn_start, 500);
  EXPECT_EQ(words->busy_total, 500);
  EXPECT_EQ(words->longest, 500);
  EXPECT_EQ(words->turns[turn_cell(500)], 1U);
  now += 9'000;
  recorder.returned(site, clock());
  EXPECT_EQ(words->turn, 3U);
  EXPECT_EQ(words->turn_start, now);
  EXPECT_EQ(words->busy_total, 500);
}

TEST_F(turn_recorder_test, a_wait_of_a_handler_is_a_part_of_the_turn) {
  wait(poll_at(1), 3);
  now += 5;
  wait(poll_at(2, inner), 100);
  now += 5;
  recorder.entered(poll_at(1), clock());
  EXPECT_FALSE(is_loop(poll_at(2)));
  EXPECT_EQ(words->busy_total, 100 * 110 + 10);
  EXPECT_EQ(counted(), 1U);
  EXPECT_EQ(words->sites[1].returns, 100U);
}

TEST_F(turn_recorder_test, a_deeper_place_takes_over_where_the_shallower_is_not_used_any_more) {
  wait(poll_at(1), 3);
  wait(poll_at(2, inner), returns_to_take_over - 1);
  EXPECT_TRUE(is_loop(poll_at(1)));
  EXPECT_EQ(words->turn, 1U);
  const auto site = wait(poll_at(2, inner));
  EXPECT_FALSE(is_loop(poll_at(1)));
  EXPECT_TRUE(is_loop(poll_at(2)));
  EXPECT_EQ(words->last_site, site);
  EXPECT_EQ(words->turn, 3U);
  EXPECT_EQ(words->turn_start, now);
  EXPECT_EQ(counted(), 0U) << "the turn in which it took over was none";
}

TEST_F(turn_recorder_test, a_deeper_place_does_not_take_over_while_the_shallower_is_in_use) {
  for (int i = 0; i < 10; ++i) {
    wait(poll_at(1), 3);
    wait(poll_at(2, inner), returns_to_take_over - 1);
  }
  EXPECT_TRUE(is_loop(poll_at(1)));
  EXPECT_FALSE(is_loop(poll_at(2)));
}

TEST_F(turn_recorder_test, a_shallower_place_is_a_loops_wait_and_the_deeper_ceases_to_be) {
  wait(poll_at(1, inner), 10);
  wait(poll_at(2, outer), 3);
  EXPECT_TRUE(is_loop(poll_at(2)));
  EXPECT_FALSE(is_loop(poll_at(1)));
  EXPECT_EQ(words->turn % 2, 1U);
  EXPECT_EQ(words->turn_start, now);
}

TEST_F(turn_recorder_test, one_loop_can_wait_at_two_places) {
  wait(poll_at(1), 3);
  wait(poll_at(2), 3);
  EXPECT_TRUE(is_loop(poll_at(1)));
  EXPECT_TRUE(is_loop(poll_at(2)));
  wait(epoll_at(3, outer, 5), 3);
  wait(epoll_at(4, inner, 5), 3);
  EXPECT_TRUE(is_loop(epoll_at(3, outer, 5)));
  EXPECT_TRUE(is_loop(epoll_at(4, inner, 5))) << "deeper, but for the same events";
}

TEST_F(turn_recorder_test, another_epoll_instance_is_another_place) {
  wait(epoll_at(1, outer, 5), 3);
  const auto turn = words->turn.load();
  wait(epoll_at(1, inner, 6), 10);
  EXPECT_EQ(words->turn, turn);
  EXPECT_EQ(words->sites[1].descriptor, 6);
  EXPECT_EQ(words->sites[1].is_loop, 0U);
}

TEST_F(turn_recorder_test, a_condition_counts_only_where_the_watcher_says_so) {
  wait(poll_at(1), 3);
  const auto site = wait(condition_at(2), 1'000);
  EXPECT_EQ(words->sites[site].returns, 1'000U);
  EXPECT_EQ(words->turn, 1U);
  words->sites[site].is_loop = 1;
  now += 7;
  recorder.entered(condition_at(2), clock());
  EXPECT_EQ(words->turn, 2U);
  EXPECT_EQ(words->last_site, site);
  recorder.returned(site, clock());
  EXPECT_EQ(words->turn, 3U);
  EXPECT_TRUE(is_loop(poll_at(1)));
}

TEST_F(turn_recorder_test, a_condition_is_no_reason_to_take_a_loop_for_none) {
  wait(poll_at(1, inner), 3);
  words->sites[wait(condition_at(2, outer))].is_loop = 1;
  wait(poll_at(1, inner), 3);
  wait(poll_at(3, inner), 3);
  EXPECT_TRUE(is_loop(poll_at(1)));
  EXPECT_TRUE(is_loop(poll_at(3)));
}

TEST_F(turn_recorder_test, long_turns_are_kept_one_by_one) {
  wait(poll_at(1), 3);
  for (std::size_t i = 0; i < max_kept_turns + 2; ++i) {
    now += long_turn;
    wait(poll_at(1));
    wait(poll_at(1));
  }
  EXPECT_EQ(words->kept, max_kept_turns + 2);
  const auto& last = words->long_turns[(max_kept_turns + 1) % max_kept_turns];
  EXPECT_EQ(last.number, 1 + 4 * (max_kept_turns + 1));
  EXPECT_EQ(last.end - last.start, long_turn + 10);
  EXPECT_EQ(words->long_turns[2].number, 9U) << "the oldest that is left";
  EXPECT_EQ(words->longest, long_turn + 10);
}

TEST_F(turn_recorder_test, the_place_with_the_fewest_returns_is_replaced_if_it_is_no_loops) {
  wait(poll_at(1, outer), 3);
  wait(poll_at(2, inner), 50);
  wait(poll_at(3, inner), 40);
  wait(poll_at(4, inner), 60);
  const auto site = wait(poll_at(5, inner));
  EXPECT_EQ(site, 2U);
  EXPECT_EQ(words->sites[2].return_address, 5U);
  EXPECT_EQ(words->sites[2].returns, 1U);
  EXPECT_TRUE(is_loop(poll_at(1)));
}

TEST_F(turn_recorder_test, a_condition_replaces_conditions_only) {
  for (std::uintptr_t address = 1; address <= max_sites; ++address) wait(poll_at(address, inner));
  EXPECT_EQ(wait(condition_at(9)), turn_recorder::no_site);
  wait(poll_at(1, inner), 5);
  EXPECT_EQ(words->sites[0].returns, 6U);
}

TEST_F(turn_recorder_test, five_places_in_turns_leave_three_that_are_known) {
  for (int i = 0; i < 5; ++i) {
    for (std::uintptr_t address = 1; address <= 5; ++address) wait(poll_at(address));
  }
  EXPECT_TRUE(is_loop(poll_at(2)));
  EXPECT_TRUE(is_loop(poll_at(3)));
  EXPECT_TRUE(is_loop(poll_at(4)));
}

TEST_F(turn_recorder_test, a_wait_that_does_not_return_ends_its_turn) {
  wait(poll_at(1), 4);
  recorder.entered(poll_at(1), clock());  // the thread is cancelled, or leaves it with longjmp
  const auto turn = words->turn.load();
  EXPECT_EQ(turn % 2, 0U);
  wait(poll_at(1));
  EXPECT_EQ(words->turn, turn + 1);
}

TEST(turn_cell_test, holds_what_is_shorter_than_its_end) {
  for (std::int64_t ns : {-5L, 0L, 255L, 256L, 4'095L, 4'096L, 4'351L, 70'000L, 25'000'000L, 3'000'000'000L}) {
    const auto cell = turn_cell(ns);
    EXPECT_LT(ns, turn_cell_end(cell));
    EXPECT_TRUE(cell == 0 || ns >= turn_cell_end(cell - 1));
  }
  EXPECT_EQ(turn_cell(INT64_MAX), turn_cells - 1);
}

}  // namespace
}  // namespace loopscope::watch
