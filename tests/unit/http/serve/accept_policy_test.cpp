// SPDX-License-Identifier: MIT

#include "server/http/serve/accept_policy.hpp"

#include <gtest/gtest.h>

#include <limits>

#include <cerrno>

namespace loopscope::http {
namespace {

using namespace std::chrono_literals;

error_code error(int number) {
  return {number, boost::system::system_category()};
}

TEST(accept_policy, serves_then_refuses_then_pauses) {
  EXPECT_EQ(decide_accept(0, 100), accept_decision::serve);
  EXPECT_EQ(decide_accept(99, 100), accept_decision::serve);
  EXPECT_EQ(decide_accept(100, 100), accept_decision::refuse);
  EXPECT_EQ(decide_accept(107, 100), accept_decision::refuse);
  EXPECT_EQ(decide_accept(108, 100), accept_decision::pause);
}

TEST(accept_policy, retries_after_one_clients_misfortune) {
  EXPECT_EQ(recover_from(error(ECONNABORTED)), accept_recovery::retry);
  EXPECT_EQ(recover_from(error(EPROTO)), accept_recovery::retry);
}

TEST(accept_policy, backs_off_when_something_is_exhausted_or_unknown) {
  for (const int number : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EINVAL}) {
    EXPECT_EQ(recover_from(error(number)), accept_recovery::back_off) << number;
  }
}

TEST(accept_policy, lengthens_pauses_up_to_a_second) {
  accept_backoff backoff;
  EXPECT_EQ(backoff.next(), 10ms);
  EXPECT_EQ(backoff.next(), 20ms);
  for (int i = 0; i < 100; ++i) EXPECT_LE(backoff.next(), 1s);
  EXPECT_EQ(backoff.next(), 1s);
  backoff.reset();
  EXPECT_EQ(backoff.next(), 10ms);
}

TEST(accept_policy, tells_an_address_that_it_has_too_many_and_then_says_nothing) {
  EXPECT_EQ(decide_accept_from(1, 2), address_decision::serve);
  EXPECT_EQ(decide_accept_from(2, 2), address_decision::refuse);
  EXPECT_EQ(decide_accept_from(9, 2), address_decision::refuse);
  EXPECT_EQ(decide_accept_from(10, 2), address_decision::drop);
  EXPECT_EQ(decide_accept_from(1'000'000, std::numeric_limits<std::size_t>::max()), address_decision::serve);
}

}  // namespace
}  // namespace loopscope::http
