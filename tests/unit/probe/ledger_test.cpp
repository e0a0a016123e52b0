// SPDX-License-Identifier: MIT

#include "load/probe/ledger.hpp"

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <set>

namespace loopscope::probe {
namespace {

using namespace std::chrono_literals;

TEST(ledger, keeps_each_requests_times_and_how_it_ended) {
  ledger account(2);
  const request_id first = account.take(10ms, 11ms);
  const request_id second = account.take(20ms, 20ms);
  account.sent(second, 21ms);
  account.completed(second, 30ms, 503, false);
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
  account.completed(1, 2ms, 200, true);
  EXPECT_EQ(account.unfinished(), 1u);
  EXPECT_EQ(account.live().taken, 2u);
  EXPECT_EQ(account.live().sent, 1u);
  EXPECT_EQ(account.live().completed, 1u);
  EXPECT_EQ(account.live().unexpected, 0u);
  EXPECT_EQ(account.live().failed, 0u);
  account.completed(0, 3ms, 429, false);
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

namespace asio_error = boost::asio::error;
namespace http = boost::beast::http;

TEST(failure_cause, tells_refusal_from_other_failures_to_connect) {
  EXPECT_EQ(cause_of(asio_error::connection_refused, false), failure_cause::refused);
  EXPECT_EQ(cause_of(asio_error::host_unreachable, false), failure_cause::unreachable);
  EXPECT_EQ(cause_of(asio_error::timed_out, false), failure_cause::unreachable);
}

TEST(failure_cause, tells_an_orderly_close_from_a_reset_and_from_nonsense) {
  EXPECT_EQ(cause_of(http::make_error_code(http::error::end_of_stream), true), failure_cause::closed);
  EXPECT_EQ(cause_of(http::make_error_code(http::error::partial_message), true), failure_cause::closed);
  EXPECT_EQ(cause_of(asio_error::connection_reset, true), failure_cause::reset);
  EXPECT_EQ(cause_of(asio_error::broken_pipe, true), failure_cause::reset);
  EXPECT_EQ(cause_of(http::make_error_code(http::error::bad_version), true), failure_cause::malformed);
  EXPECT_EQ(cause_of(http::make_error_code(http::error::body_limit), true), failure_cause::too_large);
  EXPECT_EQ(cause_of(http::make_error_code(http::error::header_limit), true), failure_cause::header_too_large);
}

TEST(failure_cause, blames_this_machine_for_its_own_limits) {
  EXPECT_EQ(cause_of(asio_error::no_descriptors, false), failure_cause::local);
  EXPECT_EQ(cause_of(boost::system::errc::make_error_code(boost::system::errc::address_not_available), false),
            failure_cause::local);
}

TEST(failure_cause, each_has_a_name_of_its_own) {
  std::set<std::string_view> names;
  for (const auto cause : all_failure_causes()) names.insert(name(cause));
  EXPECT_EQ(names.size(), failure_cause_count);
}

}  // namespace
}  // namespace loopscope::probe
