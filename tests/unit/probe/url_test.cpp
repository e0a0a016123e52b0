#include "load/probe/url.hpp"

#include <gtest/gtest.h>

namespace loopscope::probe {
namespace {

TEST(url, is_taken_apart_for_resolving_and_for_the_host_field) {
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

TEST(url, other_schemes_and_no_host_are_refused) {
  for (const char* text : {"https://example.test/", "example.test", "http://", "http:///hello", "", "http://a b/"}) {
    EXPECT_FALSE(parse_http_url(text)) << text;
  }
}

TEST(request_line, has_a_known_method_and_a_target) {
  const auto line = parse_request_line("POST /write?method=sync&count=5");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->method, boost::beast::http::verb::post);
  EXPECT_EQ(line->target, "/write?method=sync&count=5");
}

TEST(request_line, refuses_what_would_not_be_one_request) {
  for (const char* text : {"/write", "POST", "POST ", "post /write", "BREW /pot", "POST write", "CONNECT /a:1",
                           "POST /a b", "POST /a\r\nX: y", "POST  /a"}) {
    EXPECT_FALSE(parse_request_line(text)) << text;
  }
}

TEST(request_text, names_the_host_and_an_empty_body_where_one_could_be) {
  const http_url to{"localhost", "81", "/", "localhost:81"};
  EXPECT_EQ(request_text(to, {boost::beast::http::verb::get, "/hello"}),
            "GET /hello HTTP/1.1\r\nHost: localhost:81\r\nUser-Agent: loopscope-probe\r\n\r\n");
  EXPECT_NE(request_text(to, {boost::beast::http::verb::post, "/write"}).find("Content-Length: 0\r\n"),
            std::string::npos);
}

}  // namespace
}  // namespace loopscope::probe
