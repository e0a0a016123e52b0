// SPDX-License-Identifier: MIT

#include "server/support/http_url.hpp"

#include <gtest/gtest.h>

namespace loopscope {
namespace {

TEST(http_url, has_the_parts_for_resolving_and_for_the_host_field) {
  const auto plain = parse_http_url("http://example.test");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "example.test");
  EXPECT_EQ(plain->port, "80");
  EXPECT_EQ(plain->target, "/");
  EXPECT_EQ(plain->host_header, "example.test");

  const auto full = parse_http_url("http://[::1]:8080/hello?a=b%20c#there");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->host, "::1");
  EXPECT_EQ(full->port, "8080");
  EXPECT_EQ(full->target, "/hello?a=b%20c");
  EXPECT_EQ(full->host_header, "[::1]:8080");
}

TEST(http_url, has_the_scheme_http_and_a_host) {
  for (const char* text : {"https://example.test/", "example.test", "http://", "http:///hello", "", "http://a b/"}) {
    EXPECT_FALSE(parse_http_url(text)) << text;
  }
}

}  // namespace
}  // namespace loopscope
