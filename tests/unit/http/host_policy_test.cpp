#include "server/http/host_policy.hpp"

#include <gtest/gtest.h>

namespace loopscope::http {
namespace {

host_policy bound_to(const char* address, std::vector<std::string> allowed = {}) {
  return {boost::asio::ip::make_address(address), std::move(allowed)};
}

TEST(host_policy, knows_the_names_of_loopback) {
  const auto policy = bound_to("127.0.0.1");
  for (const char* known : {"localhost", "LocalHost:8080", "localhost.", "a.localhost", "127.0.0.1", "127.0.0.1:80",
                            "127.255.0.9", "[::1]", "[::1]:8080", ""}) {
    EXPECT_TRUE(policy.allows(known)) << known;
  }
}

TEST(host_policy, refuses_names_that_someone_else_may_own) {
  const auto policy = bound_to("127.0.0.1");
  for (const char* foreign : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.evil.example",
                              "notlocalhost", ".localhost", "128.0.0.1", "[::2]", "0.0.0.0", "localhost..", "127"}) {
    EXPECT_FALSE(policy.allows(foreign)) << foreign;
  }
}

TEST(host_policy, adds_what_it_is_told) {
  const auto policy = bound_to("::1", {"demo.example"});
  EXPECT_TRUE(policy.allows("demo.example"));
  EXPECT_TRUE(policy.allows("Demo.Example:8080"));
  EXPECT_FALSE(policy.allows("other.example"));
}

TEST(host_policy, asks_nothing_of_who_is_bound_wider_unless_told) {
  EXPECT_TRUE(bound_to("0.0.0.0").allows("evil.example"));
  EXPECT_TRUE(bound_to("::").allows("evil.example"));
  EXPECT_TRUE(host_policy().allows("evil.example"));
  const auto told = bound_to("192.0.2.1", {"demo.example"});
  EXPECT_TRUE(told.allows("192.0.2.1:8080"));
  EXPECT_TRUE(told.allows("localhost"));
  EXPECT_FALSE(told.allows("evil.example"));
}

}  // namespace
}  // namespace loopscope::http
