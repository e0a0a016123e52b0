// SPDX-License-Identifier: MIT

#include "server/http/problem.hpp"

#include <gtest/gtest.h>

namespace loopscope::http {
namespace {

TEST(problem, has_the_standard_members_and_the_extensions) {
  const auto answer =
      to_response({.status = 400, .detail = "why", .extensions = {{"parameter", "count"}, {"limit", 5}}});
  EXPECT_EQ(answer.status, 400U);
  EXPECT_EQ(answer.content_type, "application/problem+json");
  const auto body = nlohmann::json::parse(answer.body);
  EXPECT_EQ(body["type"], "about:blank");
  EXPECT_EQ(body["title"], "Bad Request");
  EXPECT_EQ(body["status"], 400);
  EXPECT_EQ(body["detail"], "why");
  EXPECT_EQ(body["parameter"], "count");
  EXPECT_EQ(body["limit"], 5);
}

TEST(problem, survives_text_that_is_not_utf8) {
  const auto answer = to_response({.status = 400, .detail = std::string("\xff\0\r\n", 4)});
  EXPECT_TRUE(nlohmann::json::accept(answer.body));
}

TEST(problem, titles_statuses_that_have_no_phrase) {
  EXPECT_EQ(reason_phrase(507), "Insufficient Storage");
  EXPECT_EQ(reason_phrase(422), "Unprocessable Entity");
  EXPECT_EQ(reason_phrase(290), "Unknown");
}

}  // namespace
}  // namespace loopscope::http
