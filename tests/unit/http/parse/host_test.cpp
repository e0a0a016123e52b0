// SPDX-License-Identifier: MIT

#include "server/http/parse/target.hpp"

#include <gtest/gtest.h>

namespace loopscope::http {
namespace {

TEST(host, accepts_names_addresses_and_ports) {
  for (const auto* good : {"localhost", "127.0.0.1", "127.0.0.1:8080", "a-b.example:1", "[::1]", "[::1]:8080",
                           "example.org:", "example.org:65535", "a_b", "x.:80"}) {
    EXPECT_TRUE(valid_host(good)) << good;
  }
}

TEST(host, refuses_what_is_no_host) {
  for (const auto* bad : {"", ":80", "a b", "a/b", "user@host", "host:port", "host:65536", "host:-1", "[::1", "::1",
                          "a?b", "a#b", "host:80:80", "a\\b", "\"a\"", "[x]", "%zz"}) {
    EXPECT_FALSE(valid_host(bad)) << bad;
  }
}

TEST(host, drops_the_port) {
  EXPECT_EQ(host_name("example.org:80"), "example.org");
  EXPECT_EQ(host_name("example.org"), "example.org");
  EXPECT_EQ(host_name("[::1]:80"), "[::1]");
  EXPECT_EQ(host_name("[::1]"), "[::1]");
}

TEST(host, compares_an_origin_without_scheme_and_port) {
  EXPECT_TRUE(same_host("http://127.0.0.1:8081", "127.0.0.1:8080"));
  EXPECT_TRUE(same_host("https://Example.org", "example.ORG:8080"));
  EXPECT_TRUE(same_host("http://[::1]:1", "[::1]:2"));
}

TEST(host, refuses_origins_of_other_hosts_and_odd_ones) {
  for (const auto* origin : {"http://evil.example", "null", "", "http://127.0.0.1.evil.example", "127.0.0.1",
                             "http://127.0.0.1/path", "http://user@127.0.0.1", "http://127.0.0.1?q", "file://"}) {
    EXPECT_FALSE(same_host(origin, "127.0.0.1:8080")) << origin;
  }
  EXPECT_FALSE(same_host("file://", ""));
}

}  // namespace
}  // namespace loopscope::http
