// SPDX-License-Identifier: MIT

#include "server/http/response.hpp"

#include <gtest/gtest.h>

namespace loopscope::http {
namespace {

std::string written(const response& answer, const answer_context& context) {
  std::string out;
  append_answer(out, answer, context);
  return out;
}

const answer_context plain{.date = "D"};

TEST(answer_writer, writes_what_every_answer_has) {
  EXPECT_EQ(written(response::text("hello\n"), plain),
            "HTTP/1.1 200 OK\r\nServer: loopscope\r\nX-Content-Type-Options: nosniff\r\nDate: D\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\n\r\nhello\n");
}

TEST(answer_writer, prepares_the_same_bytes) {
  const auto answer = response::json("{}", 201).with("X-A", "b");
  const prepared_answer prepared(answer);
  for (const auto& context :
       {plain, answer_context{.date = "D", .keep_alive = false}, answer_context{.date = "D", .without_body = true},
        answer_context{.date = "D", .allowed_origin = "http://x", .vary_by_origin = true},
        answer_context{.date = "D", .http_1_1 = false}}) {
    std::string out;
    prepared.append_to(out, context);
    EXPECT_EQ(out, written(answer, context));
  }
  EXPECT_EQ(prepared.status(), 201U);
}

TEST(answer_writer, keeps_the_length_of_a_body_that_head_leaves_out) {
  const auto out = written(response::text("hello\n"), {.date = "D", .without_body = true});
  EXPECT_NE(out.find("Content-Length: 6\r\n"), std::string::npos);
  EXPECT_TRUE(out.ends_with("\r\n\r\n"));
}

TEST(answer_writer, says_how_the_connection_goes_on) {
  EXPECT_EQ(written({}, plain).find("Connection"), std::string::npos);
  EXPECT_NE(written({}, {.date = "D", .keep_alive = false}).find("Connection: close\r\n"), std::string::npos);
  EXPECT_NE(written({}, {.date = "D", .http_1_1 = false}).find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST(answer_writer, gives_no_length_to_what_has_no_body) {
  response answer;
  answer.status = 204;
  answer.body = "ignored";
  const auto out = written(answer, plain);
  EXPECT_EQ(out.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(out.ends_with("\r\n\r\n"));
}

TEST(answer_writer, leaves_out_values_that_would_end_a_header) {
  const auto out = written(response::text("").with("X-A", "b\r\nSet-Cookie: evil").with("X-B", std::string("a\0b", 3)),
                           {.date = "D", .allowed_origin = "http://x\r\nX-D: d"});
  EXPECT_EQ(out.find("evil"), std::string::npos);
  EXPECT_EQ(out.find("X-B"), std::string::npos);
  EXPECT_EQ(out.find("X-D"), std::string::npos);
}

TEST(date_cache, writes_imf_fixdate_and_follows_the_clock) {
  date_cache date;
  EXPECT_EQ(date.at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(784111778), "Sun, 06 Nov 1994 08:49:38 GMT");
}

}  // namespace
}  // namespace loopscope::http
