// SPDX-License-Identifier: MIT

#include "server/admin/event_feed.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <thread>

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;
using event = std::shared_ptr<const feed_event>;

event make_event(std::uint64_t id) {
  return std::make_shared<feed_event>(feed_event{id, std::to_string(id)});
}

class event_feed_test : public ::testing::Test {
 protected:
  using subscriber = event_feed::subscriber;

  static http::task<void> take(std::shared_ptr<subscriber> from, std::optional<event>& into) {
    into = co_await from->next();
  }
  /// Starts to wait for the next event. `into` is set when the wait is over.
  void start(const std::shared_ptr<subscriber>& from, std::optional<event>& into) {
    boost::asio::co_spawn(io_, take(from, into), boost::asio::detached);
  }
  /// Runs every ready handler, without waiting for timers.
  void settle() {
    io_.restart();
    io_.poll();
  }
  std::uint64_t next_id(const std::shared_ptr<subscriber>& from) {
    std::optional<event> got;
    start(from, got);
    settle();
    return got && *got ? (*got)->id : 0;
  }

  boost::asio::io_context io_{1};
  std::shared_ptr<event_feed> feed_ = std::make_shared<event_feed>(io_.get_executor(), 2);
};

TEST_F(event_feed_test, every_waiting_subscriber_gets_the_event) {
  const auto first = feed_->subscribe(1h), second = feed_->subscribe(1h);
  std::optional<event> one, two;
  start(first, one);
  start(second, two);
  settle();
  EXPECT_FALSE(one || two);
  feed_->publish(make_event(1));
  settle();
  ASSERT_TRUE(one && *one && two && *two);
  EXPECT_EQ(*one, *two);  // the same object, so its text was made once
}

TEST_F(event_feed_test, a_late_subscriber_gets_the_newest_and_skips_the_rest) {
  const auto late = feed_->subscribe(1h);
  for (const std::uint64_t id : {1U, 2U, 3U}) {
    feed_->publish(make_event(id));
    settle();
  }
  EXPECT_EQ(next_id(late), 3u);
}

TEST_F(event_feed_test, no_event_is_given_twice) {
  const auto one = feed_->subscribe(1h);
  feed_->publish(make_event(1));
  settle();
  EXPECT_EQ(next_id(one), 1u);
  std::optional<event> again;
  start(one, again);
  settle();
  EXPECT_FALSE(again);
  one->wake();
  settle();
}

TEST_F(event_feed_test, events_published_faster_than_the_loop_runs_are_delivered_once) {
  const auto one = feed_->subscribe(1h);
  for (std::uint64_t id = 1; id <= 1000; ++id) feed_->publish(make_event(id));
  io_.restart();
  EXPECT_LE(io_.poll(), 1u);
  EXPECT_EQ(next_id(one), 1000u);
}

TEST_F(event_feed_test, the_wait_ends_without_an_event_after_its_limit) {
  const auto one = feed_->subscribe(1ms);
  std::optional<event> got;
  start(one, got);
  io_.restart();
  io_.run();
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, nullptr);
}

TEST_F(event_feed_test, a_woken_subscriber_returns_without_an_event) {
  const auto one = feed_->subscribe(1h);
  std::optional<event> got;
  start(one, got);
  settle();
  one->wake();
  settle();
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, nullptr);
}

TEST_F(event_feed_test, refuses_a_subscriber_beyond_the_maximum_until_one_leaves) {
  auto first = feed_->subscribe(1h);
  const auto second = feed_->subscribe(1h);
  EXPECT_EQ(feed_->subscribe(1h), nullptr);
  EXPECT_EQ(feed_->subscribers(), 2u);
  first.reset();
  EXPECT_EQ(feed_->subscribers(), 1u);
  EXPECT_NE(feed_->subscribe(1h), nullptr);
}

TEST_F(event_feed_test, calls_back_for_the_first_subscriber_only) {
  int calls = 0;
  feed_->on_first_subscriber([&calls] { ++calls; });
  auto first = feed_->subscribe(1h);
  auto second = feed_->subscribe(1h);
  EXPECT_EQ(calls, 1);
  first.reset();
  second.reset();
  first = feed_->subscribe(1h);
  EXPECT_EQ(calls, 2);
}

TEST_F(event_feed_test, a_first_subscriber_gets_nothing_from_before_its_time) {
  auto one = feed_->subscribe(1h);
  feed_->publish(make_event(1));
  settle();
  one.reset();
  one = feed_->subscribe(1h);
  std::optional<event> got;
  start(one, got);
  settle();
  EXPECT_FALSE(got);
  feed_->publish(make_event(2));
  settle();
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->id, 2u);
}

TEST_F(event_feed_test, takes_events_from_another_thread) {
  const auto one = feed_->subscribe(1h);
  std::optional<event> got;
  start(one, got);
  settle();
  std::thread publisher{[this] { feed_->publish(make_event(9)); }};
  publisher.join();
  settle();
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->id, 9u);
}

}  // namespace
}  // namespace loopscope::admin
