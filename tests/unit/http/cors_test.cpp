// SPDX-License-Identifier: MIT

#include "server/http/cors.hpp"

#include <gtest/gtest.h>

#include "parsed_request.hpp"

namespace loopscope::http {
namespace {

using test::parsed;

TEST(cors, lets_the_same_host_read_on_any_port) {
  EXPECT_EQ(allowed_origin(parsed("GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nOrigin: http://127.0.0.1:8081\r\n\r\n")),
            "http://127.0.0.1:8081");
  EXPECT_EQ(allowed_origin(parsed("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\n\r\n")), "");
  EXPECT_EQ(allowed_origin(parsed("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: null\r\n\r\n")), "");
  EXPECT_EQ(allowed_origin(parsed("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")), "");
}

TEST(cors, believes_sec_fetch_site) {
  EXPECT_TRUE(is_cross_site(parsed("GET / HTTP/1.1\r\nHost: x\r\nsec-fetch-site: cross-site\r\n\r\n")));
  EXPECT_FALSE(is_cross_site(parsed("GET / HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-site\r\n\r\n")));
  EXPECT_FALSE(is_cross_site(parsed("GET / HTTP/1.1\r\nHost: x\r\n\r\n")));
}

bool grants(const response& answer) {
  for (const auto& [name, value] : answer.headers) {
    if (name == "Access-Control-Allow-Methods") return true;
  }
  return false;
}

TEST(cors, grants_a_preflight_of_the_same_host_only) {
  const std::string start = "OPTIONS / HTTP/1.1\r\nHost: x:1\r\nAccess-Control-Request-Method: POST\r\nOrigin: ";
  EXPECT_TRUE(grants(options_answer(parsed(start + "http://x:2\r\n\r\n"), "POST")));
  EXPECT_FALSE(grants(options_answer(parsed(start + "http://y:2\r\n\r\n"), "POST")));
  EXPECT_FALSE(grants(options_answer(parsed("OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\n\r\n"), "POST")));
}

}  // namespace
}  // namespace loopscope::http
