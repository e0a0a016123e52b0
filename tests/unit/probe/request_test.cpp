// SPDX-License-Identifier: MIT

#include "load/probe/request.hpp"

#include <gtest/gtest.h>

namespace loopscope::probe {
namespace {

const http_url here{"localhost", "81", "/", "localhost:81"};

TEST(request_line, has_a_known_method_and_a_target) {
  const auto line = parse_request_line("POST /write?method=sync&count=5");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->method, "POST");
  EXPECT_EQ(line->target, "/write?method=sync&count=5");
}

TEST(request_line, refuses_what_would_not_be_one_request) {
  for (const char* text : {"/write", "POST", "POST ", "post /write", "BREW /pot", "POST write", "CONNECT /a:1",
                           "POST /a b", "POST /a\r\nX: y", "POST  /a"}) {
    EXPECT_FALSE(parse_request_line(text)) << text;
  }
}

TEST(request_method, is_any_token_but_connect) {
  for (const char* text : {"GET", "HEAD", "M-SEARCH", "get"}) EXPECT_TRUE(is_method(text)) << text;
  for (const char* text : {"", "CONNECT", "GET /", "G\r\n", "G:T", "\xc3\xa4"}) EXPECT_FALSE(is_method(text)) << text;
}

TEST(request_method, is_repeatable_as_rfc_9110_says) {
  for (const char* text : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
    EXPECT_TRUE(is_idempotent(text)) << text;
  for (const char* text : {"POST", "PATCH", "BREW"}) EXPECT_FALSE(is_idempotent(text)) << text;
}

TEST(header_field, is_a_name_and_a_value_on_one_line) {
  const auto field = parse_header_field("X-Time: \t10:30 h ");
  ASSERT_TRUE(field);
  EXPECT_EQ(field->name, "X-Time");
  EXPECT_EQ(field->value, "10:30 h");
  EXPECT_EQ(parse_header_field("X-Empty:")->value, "");
}

TEST(header_field, refuses_what_would_be_more_than_one_field) {
  for (const char* text : {"", "X", ": v", "X Y: v", "X : v", "X: a\r\nY: b", "X: a\nb", "X: \x01", "X: \x7f"}) {
    EXPECT_FALSE(parse_header_field(text)) << text;
  }
}

TEST(header_field, that_frames_the_request_is_the_probes_own) {
  for (const char* name : {"Content-Length", "transfer-encoding", "CONNECTION", "Upgrade"}) {
    EXPECT_TRUE(is_own_field(name)) << name;
  }
  for (const char* name : {"Host", "Content-Type", "Authorization"}) EXPECT_FALSE(is_own_field(name)) << name;
}

TEST(request_text, names_the_host_and_an_empty_body_where_one_could_be) {
  EXPECT_EQ(request_text(here, {"GET", "/hello"}),
            "GET /hello HTTP/1.1\r\nHost: localhost:81\r\nUser-Agent: loopscope-probe\r\n\r\n");
  EXPECT_NE(request_text(here, {"POST", "/write"}).find("Content-Length: 0\r\n"), std::string::npos);
}

TEST(request_text, has_the_fields_and_the_body_of_the_request) {
  EXPECT_EQ(request_text(here, {"PUT", "/a", {{"host", "other"}, {"X", "1"}, {"X", "2"}}, "a\nb"}),
            "PUT /a HTTP/1.1\r\nUser-Agent: loopscope-probe\r\nhost: other\r\nX: 1\r\nX: 2\r\nContent-Length: 3\r\n"
            "\r\na\nb");
  EXPECT_NE(request_text(here, {"GET", "/", {}, ""}).find("Content-Length: 0\r\n\r\n"), std::string::npos);
}

TEST(expected_statuses, are_those_of_success_unless_told_otherwise) {
  const expected_statuses usual;
  EXPECT_EQ(usual.text(), "2xx");
  for (const unsigned status : {200u, 299u}) EXPECT_TRUE(usual.match(status)) << status;
  for (const unsigned status : {0u, 199u, 300u, 404u, 429u, 500u, 999u}) EXPECT_FALSE(usual.match(status)) << status;
}

TEST(expected_statuses, are_a_list_of_statuses_and_classes) {
  const auto parsed = expected_statuses::parse("204,4xx");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->text(), "204,4xx");
  for (const unsigned status : {204u, 400u, 429u, 499u}) EXPECT_TRUE(parsed->match(status)) << status;
  for (const unsigned status : {200u, 203u, 205u, 399u, 500u}) EXPECT_FALSE(parsed->match(status)) << status;
}

TEST(expected_statuses, refuse_other_text) {
  for (const char* text :
       {"", ",", "200,", "20", "2000", "2x", "2xxx", "XX2", "1xx", "6xx", "199", "600", "2XX", "200 ", "-20", "2x0"}) {
    EXPECT_FALSE(expected_statuses::parse(text)) << text;
  }
}

}  // namespace
}  // namespace loopscope::probe
