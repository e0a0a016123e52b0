// SPDX-License-Identifier: MIT

#include "server/http/parse/target.hpp"

#include <gtest/gtest.h>

namespace loopscope::http {
namespace {

TEST(target, splits_path_and_query) {
  const auto parts = parse_target("/write?method=sync&x=a?b").value();
  EXPECT_EQ(parts.kind, target_parts::form::origin);
  EXPECT_EQ(parts.path, "/write");
  EXPECT_EQ(parts.query, "method=sync&x=a?b");
}

TEST(target, knows_the_absolute_form) {
  const auto parts = parse_target("http://example.org:8080/hello?x=1").value();
  EXPECT_EQ(parts.kind, target_parts::form::absolute);
  EXPECT_EQ(parts.authority, "example.org:8080");
  EXPECT_EQ(parts.path, "/hello");
  EXPECT_EQ(parts.query, "x=1");
  EXPECT_EQ(parse_target("http://example.org").value().path, "/");
}

TEST(target, knows_the_asterisk) {
  EXPECT_EQ(parse_target("*").value().kind, target_parts::form::asterisk);
}

TEST(target, refuses_what_is_no_target) {
  for (const auto* bad :
       {"hello", "", "/a%zz", "/a#b", "/a?b#c", "ftp://host/", "http:///x", "host:80", "**", "/a|b", "/a\"b",
        "http://ho st/", "?x=1", "http://host:8o80/", "hptt:\xeb", "http", "http:/x", "http://a\xeb/"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
}

}  // namespace
}  // namespace loopscope::http
