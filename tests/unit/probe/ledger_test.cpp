#include "load/probe/ledger.hpp"

#include <gtest/gtest.h>

namespace loopscope::probe {
namespace {

using namespace std::chrono_literals;

TEST(ledger, keeps_each_requests_times_and_how_it_ended) {
  ledger account(2);
  const request_id first = account.take(10ms, 11ms);
  const request_id second = account.take(20ms, 20ms);
  account.sent(second, 21ms);
  account.answered(second, 30ms, 503, false);
  account.failed(first, 12ms, failure_cause::refused);

  const auto& records = account.records();
  EXPECT_EQ(records[first].scheduled, 10ms);
  EXPECT_EQ(records[first].taken, 11ms);
  EXPECT_EQ(records[first].sent, request_record::never);
  EXPECT_EQ(records[first].ended, outcome::failed);
  EXPECT_EQ(records[first].cause, failure_cause::refused);
  EXPECT_EQ(records[second].sent, 21ms);
  EXPECT_EQ(records[second].done, 30ms);
  EXPECT_EQ(records[second].status, 503);
}

TEST(ledger, counts_what_has_not_ended_and_shows_live_counts) {
  ledger account(0);
  account.take(0ms, 0ms);
  account.sent(account.take(1ms, 1ms), 1ms);
  EXPECT_EQ(account.unfinished(), 2u);
  account.answered(1, 2ms, 200, true);
  EXPECT_EQ(account.unfinished(), 1u);
  EXPECT_EQ(account.live().taken, 2u);
  EXPECT_EQ(account.live().sent, 1u);
  EXPECT_EQ(account.live().answered, 1u);
  EXPECT_EQ(account.live().unexpected, 0u);
  EXPECT_EQ(account.live().failed, 0u);
  account.answered(0, 3ms, 429, false);
  EXPECT_EQ(account.live().unexpected, 1u);
}

TEST(ledger, a_skipped_request_has_a_row_and_is_not_waited_for) {
  ledger account(1);
  account.skip(1s, 5s);
  EXPECT_EQ(account.records()[0].scheduled, 1s);
  EXPECT_EQ(account.records()[0].ended, outcome::skipped);
  EXPECT_EQ(account.unfinished(), 0u);
  EXPECT_EQ(account.live().taken, 0u);
}

}  // namespace
}  // namespace loopscope::probe
