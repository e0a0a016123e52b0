// SPDX-License-Identifier: MIT

#include "server/http/allowed_hosts.hpp"

#include <gtest/gtest.h>

namespace loopscope::http {
namespace {

allowed_hosts bound_to(const char* address, std::vector<std::string> allowed = {}) {
  return {boost::asio::ip::make_address(address), std::move(allowed)};
}

TEST(allowed_hosts, knows_the_names_of_loopback) {
  const auto policy = bound_to("127.0.0.1");
  for (const char* known : {"localhost", "LocalHost:8080", "localhost.", "a.localhost", "127.0.0.1", "127.0.0.1:80",
                            "127.255.0.9", "[::1]", "[::1]:8080", ""}) {
    EXPECT_TRUE(policy.allows(known)) << known;
  }
}

TEST(allowed_hosts, refuses_names_that_someone_else_may_own) {
  const auto policy = bound_to("127.0.0.1");
  for (const char* foreign : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.evil.example",
                              "notlocalhost", ".localhost", "128.0.0.1", "[::2]", "0.0.0.0", "localhost..", "127"}) {
    EXPECT_FALSE(policy.allows(foreign)) << foreign;
  }
}

TEST(allowed_hosts, adds_what_it_is_told) {
  const auto policy = bound_to("::1", {"demo.example"});
  EXPECT_TRUE(policy.allows("demo.example"));
  EXPECT_TRUE(policy.allows("Demo.Example:8080"));
  EXPECT_FALSE(policy.allows("other.example"));
}

TEST(allowed_hosts, asks_nothing_of_who_is_bound_wider_unless_told) {
  EXPECT_TRUE(bound_to("0.0.0.0").allows("evil.example"));
  EXPECT_TRUE(bound_to("::").allows("evil.example"));
  EXPECT_TRUE(allowed_hosts().allows("evil.example"));
  const auto told = bound_to("192.0.2.1", {"demo.example"});
  EXPECT_TRUE(told.allows("192.0.2.1:8080"));
  EXPECT_TRUE(told.allows("localhost"));
  EXPECT_FALSE(told.allows("evil.example"));
}

}  // namespace
}  // namespace loopscope::http
