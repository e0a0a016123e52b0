// SPDX-License-Identifier: MIT

#include "server/http/serve/accept_policy.hpp"

#include <gtest/gtest.h>

namespace loopscope::http {
namespace {

boost::asio::ip::address client_at(const char* text) {
  return boost::asio::ip::make_address(text);
}

TEST(address_counts, counts_each_address_for_itself) {
  address_counts counts;
  counts.add(client_at("10.0.0.1"));
  counts.add(client_at("10.0.0.1"));
  counts.add(client_at("10.0.0.2"));
  EXPECT_EQ(counts.of(client_at("10.0.0.1")), 2U);
  EXPECT_EQ(counts.of(client_at("10.0.0.2")), 1U);
  counts.remove(client_at("10.0.0.1"));
  counts.remove(client_at("10.0.0.2"));
  EXPECT_EQ(counts.of(client_at("10.0.0.1")), 1U);
  EXPECT_EQ(counts.of(client_at("10.0.0.2")), 0U);
}

TEST(address_counts, takes_a_v6_network_for_one_client) {
  address_counts counts;
  counts.add(client_at("2001:db8::1"));
  EXPECT_EQ(counts.of(client_at("2001:db8::ffff:2")), 1U);
  EXPECT_EQ(counts.of(client_at("2001:db8:0:1::1")), 0U);
  EXPECT_EQ(counts.of(client_at("::1")), 0U);
}

TEST(address_counts, knows_a_v4_address_inside_v6) {
  address_counts counts;
  counts.add(client_at("::ffff:10.0.0.1"));
  EXPECT_EQ(counts.of(client_at("10.0.0.1")), 1U);
  EXPECT_EQ(counts.of(client_at("::ffff:10.0.0.2")), 0U);
}

}  // namespace
}  // namespace loopscope::http
