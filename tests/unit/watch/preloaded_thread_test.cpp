// SPDX-License-Identifier: MIT

#include "server/watch/preloaded_thread.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>

#include "server/watch/preload/turn_recorder.hpp"

namespace loopscope::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::int64_t ms = 1'000'000;
constexpr wait_place outer_wait{wait_kind::epoll_wait, 5, 0x1000, 0x9000};
constexpr wait_place deeper_condition{wait_kind::condition, -1, 0x2000, 0x8000};

/// A thread that waited in the past, by a clock that the test sets.
class preloaded_thread_test : public ::testing::Test {
 protected:
  preloaded_thread_test() {
    words_.tid = ::gettid();
    words_.pid = ::getpid();
    words_.claimed_at = now_;
  }

  void wait(const wait_place& place, std::int64_t busy_before) {
    now_ += busy_before;
    const auto site = recorder_.entered(place, [this] { return now_; });
    now_ += ms;
    recorder_.returned(site, [this] { return now_; });
  }
  void become_a_loop() {
    for (std::uint64_t i = 0; i < returns_of_a_loop; ++i) wait(outer_wait, 0);
  }

  std::int64_t now_ = std::chrono::steady_clock::now().time_since_epoch().count() - 60'000 * ms;
  std::unique_ptr<watch_map> map_ = std::make_unique<watch_map>();
  thread_words& words_ = map_->threads[0];
  const monitor::watched_thread id_{::getpid(), ::gettid()};
  turn_recorder recorder_{words_, 25 * ms};
};

TEST_F(preloaded_thread_test, has_a_turn_since_the_last_wait_returned) {
  become_a_loop();
  const preloaded_thread thread(words_, id_);
  EXPECT_EQ(thread.id().tid, ::gettid());
  const auto turn = thread.current_turn();
  ASSERT_TRUE(turn.start);
  EXPECT_EQ(turn.start->time_since_epoch().count(), now_);
  EXPECT_EQ(thread.wait_address(), outer_wait.return_address);
}

TEST_F(preloaded_thread_test, has_no_turn_while_it_waits) {
  become_a_loop();
  recorder_.entered(outer_wait, [this] { return now_; });
  EXPECT_FALSE(preloaded_thread(words_, id_).current_turn().start);
}

TEST_F(preloaded_thread_test, tells_each_long_turn_once) {
  preloaded_thread thread(words_, id_);
  become_a_loop();
  wait(outer_wait, 30 * ms);
  wait(outer_wait, 2 * ms);
  wait(outer_wait, 40 * ms);
  const auto first = thread.take_ended_turn();
  const auto second = thread.take_ended_turn();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->took, milliseconds{30});
  EXPECT_EQ(second->took, milliseconds{40});
  EXPECT_FALSE(second->cpu);
  EXPECT_FALSE(thread.take_ended_turn());
}

TEST_F(preloaded_thread_test, tells_the_last_long_turns_when_there_were_too_many) {
  preloaded_thread thread(words_, id_);
  become_a_loop();
  for (std::size_t i = 0; i < max_kept_turns + 3; ++i) wait(outer_wait, 30 * ms);
  std::size_t told = 0;
  while (thread.take_ended_turn()) ++told;
  EXPECT_EQ(told, max_kept_turns);
}

TEST_F(preloaded_thread_test, believes_no_time_that_cannot_be) {
  preloaded_thread thread(words_, id_);
  become_a_loop();
  words_.turn_start = std::chrono::steady_clock::now().time_since_epoch().count() + 3'600'000 * ms;
  EXPECT_FALSE(thread.current_turn().start);
  words_.turn_start = words_.claimed_at - ms;
  EXPECT_FALSE(thread.current_turn().start);
  words_.kept = 1;
  words_.long_turns[0].number = 3;
  words_.long_turns[0].start = now_;
  words_.long_turns[0].end = now_ - ms;
  EXPECT_FALSE(thread.take_ended_turn());
  words_.kept = ~std::uint64_t{0};
  EXPECT_FALSE(thread.take_ended_turn());
}

TEST_F(preloaded_thread_test, makes_the_condition_it_waits_for_one_of_the_loop) {
  become_a_loop();
  preloaded_thread thread(words_, id_);
  const auto site = recorder_.entered(deeper_condition, [this] { return now_; });
  EXPECT_TRUE(thread.current_turn().start);
  thread.set_waits_in_loop();
  recorder_.returned(site, [this] { return now_; });
  recorder_.entered(deeper_condition, [this] { return now_; });
  EXPECT_FALSE(thread.current_turn().start);
  EXPECT_EQ(thread.wait_address(), outer_wait.return_address);
}

TEST_F(preloaded_thread_test, does_not_own_the_words_of_the_next_thread) {
  const preloaded_thread thread(words_, id_);
  EXPECT_TRUE(thread.owns_words());
  words_.claimed_at = words_.claimed_at + 1;
  EXPECT_FALSE(thread.owns_words());
}

TEST_F(preloaded_thread_test, counts_turns_below_each_bound) {
  become_a_loop();
  for (const auto busy : {ms / 100, 2 * ms, 2 * ms, 30 * ms, 3'000 * ms}) wait(outer_wait, busy);
  monitor::handler_times times;
  preloaded_thread(words_, id_).add_handler_times(times);
  EXPECT_EQ(times.count, 5U);
  EXPECT_EQ(times.max, milliseconds{3'000});
  EXPECT_EQ(times.buckets.back(), 4U);   // up to a second
  EXPECT_EQ(times.buckets.front(), 0U);  // up to a microsecond
}

TEST(turn_cell, holds_what_is_not_above_its_end) {
  for (std::int64_t ns = 1; ns < 100'000'000'000; ns += ns / 7 + 1) {
    const auto cell = turn_cell(ns);
    EXPECT_LT(ns, turn_cell_end(cell)) << ns;
    EXPECT_TRUE(cell == 0 || ns >= turn_cell_end(cell - 1)) << ns;
  }
  EXPECT_EQ(turn_cell(-5), 0U);
  EXPECT_EQ(turn_cell(INT64_MAX), turn_cells - 1);
}

}  // namespace
}  // namespace loopscope::watch
