// SPDX-License-Identifier: MIT

#include "load/probe/trigger.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "scripted_server.hpp"
#include "tests/support/deserted_port.hpp"

namespace loopscope::probe {
namespace {

using namespace std::chrono_literals;
using test::manner;
using test::scripted_server;

/// Fires at 50 ms and runs the loop until `until` returns true, at most 20 s.
trigger_record fire_at(const tcp::endpoint& to, const std::function<bool(const trigger&)>& until,
                       bool idempotent = false) {
  asio::io_context loop{1};
  trigger extra(loop.get_executor(), to, {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", idempotent}, 50ms);
  extra.prepare();
  extra.arm(clock::now());
  const auto give_up = clock::now() + 20s;
  while (!until(extra) && clock::now() < give_up) loop.run_one_for(10ms);
  extra.close();
  return extra.record();
}

bool ended(const trigger& extra) {
  return !extra.pending();
}

TEST(trigger, is_sent_at_its_time_and_records_the_answer) {
  scripted_server server(manner::answer);
  const auto record = fire_at(server.endpoint(), ended);
  EXPECT_EQ(record.scheduled, 50ms);
  ASSERT_TRUE(record.started);
  ASSERT_TRUE(record.ended);
  EXPECT_GE(*record.started, 50ms);
  EXPECT_GE(*record.ended, *record.started);
  EXPECT_EQ(record.status, 200u);
  EXPECT_EQ(record.body, "ok");
  EXPECT_EQ(record.error, "");
}

TEST(trigger, says_why_it_failed) {
  const loopscope::testing::deserted_port nobody;
  const auto refused = fire_at(nobody.endpoint(), ended);
  EXPECT_FALSE(refused.started);
  EXPECT_FALSE(refused.status);
  EXPECT_EQ(refused.error, error_code(asio::error::connection_refused).message());

  scripted_server server(manner::close);
  const auto closed = fire_at(server.endpoint(), ended);
  EXPECT_TRUE(closed.started);
  EXPECT_FALSE(closed.status);
  EXPECT_NE(closed.error, "");
}

TEST(trigger, is_sent_once_more_only_when_that_is_safe) {
  scripted_server server(manner::close);
  const auto once = fire_at(server.endpoint(), ended);
  EXPECT_FALSE(once.repeated);
  EXPECT_EQ(server.requests, 1);
  const auto twice = fire_at(server.endpoint(), ended, true);
  EXPECT_TRUE(twice.repeated);
  EXPECT_NE(twice.error, "");
  EXPECT_EQ(server.requests, 3);
}

TEST(trigger, without_a_response_has_no_end) {
  scripted_server server(manner::hold);
  const auto record = fire_at(server.endpoint(), [&server](const trigger&) { return server.requests > 0; });
  EXPECT_TRUE(record.started);
  EXPECT_FALSE(record.ended);
  EXPECT_EQ(record.error, "no response until the end");
}

TEST(trigger, that_was_not_due_yet_was_not_sent) {
  scripted_server server(manner::answer);
  const auto record = fire_at(server.endpoint(), [](const trigger&) { return true; });
  EXPECT_FALSE(record.started);
  EXPECT_EQ(record.error, "not sent before the end");
}

}  // namespace
}  // namespace loopscope::probe
