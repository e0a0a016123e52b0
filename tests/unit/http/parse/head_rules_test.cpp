// SPDX-License-Identifier: MIT

#include "server/http/parse/head_rules.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace loopscope::http {
namespace {

using fields = std::vector<header>;

header host_header(std::string_view value = "x") {
  return {field::host, "Host", value};
}
header length_header(std::string_view value) {
  return {field::content_length, "Content-Length", value};
}
header coding_header(std::string_view value) {
  return {field::transfer_encoding, "Transfer-Encoding", value};
}
header connection_header(std::string_view value) {
  return {field::connection, "Connection", value};
}
header expect_header(std::string_view value) {
  return {field::expect, "Expect", value};
}

unsigned status_of(const fields& headers, bool http_1_1 = true) {
  return judge_head(headers, http_1_1).wrong.status;
}

TEST(head_rules, want_exactly_one_valid_host) {
  EXPECT_EQ(status_of({host_header()}), 0U);
  EXPECT_EQ(status_of({}), 400U);
  EXPECT_EQ(status_of({host_header(), host_header()}), 400U);
  EXPECT_EQ(status_of({host_header("a b")}), 400U);
  EXPECT_EQ(status_of({host_header("")}), 400U);
}

TEST(head_rules, let_http_1_0_do_without_a_host) {
  EXPECT_EQ(status_of({}, false), 0U);
  EXPECT_EQ(status_of({host_header(), host_header()}, false), 400U);
}

TEST(head_rules, want_one_plain_content_length) {
  EXPECT_EQ(judge_head(fields{host_header(), length_header("5")}, true).content_length, 5U);
  for (const auto* bad : {"+5", "-5", "5 5", "5,5", "", "0x5", "5.0", "99999999999999999999"}) {
    EXPECT_EQ(status_of({host_header(), length_header(bad)}), 400U) << bad;
  }
  EXPECT_EQ(status_of({host_header(), length_header("5"), length_header("5")}), 400U);
  EXPECT_EQ(status_of({host_header(), length_header("5"), length_header("6")}), 400U);
}

TEST(head_rules, know_one_transfer_coding) {
  EXPECT_EQ(status_of({host_header(), coding_header("chunked")}), 0U);
  EXPECT_EQ(status_of({host_header(), coding_header("Chunked")}), 0U);
  EXPECT_EQ(status_of({host_header(), coding_header("gzip, chunked")}), 501U);
  EXPECT_EQ(status_of({host_header(), coding_header("gzip")}), 501U);
  EXPECT_EQ(status_of({host_header(), coding_header("identity")}), 501U);
  EXPECT_EQ(status_of({host_header(), coding_header("xchunked")}), 501U);
}

TEST(head_rules, refuse_codings_that_hide_the_end) {
  EXPECT_EQ(status_of({host_header(), coding_header("chunked, gzip")}), 400U);
  EXPECT_EQ(status_of({host_header(), coding_header("chunked, chunked")}), 400U);
  EXPECT_EQ(status_of({host_header(), coding_header("chunked"), coding_header("chunked")}), 400U);
  EXPECT_EQ(status_of({host_header(), coding_header("")}), 400U);
  EXPECT_EQ(status_of({host_header(), coding_header("chunked;q=1")}), 400U);
  EXPECT_EQ(status_of({host_header(), coding_header("chunked")}, false), 400U);
  EXPECT_EQ(status_of({host_header(), coding_header("chunked"), length_header("5")}), 400U);
  EXPECT_EQ(status_of({host_header(), length_header("5"), coding_header("gzip")}), 400U);
}

TEST(head_rules, keep_alive_by_version_and_connection) {
  const auto kept = [](const fields& headers, bool http_1_1) { return judge_head(headers, http_1_1).keep_alive; };
  EXPECT_TRUE(kept({host_header()}, true));
  EXPECT_FALSE(kept({host_header(), connection_header("Close")}, true));
  EXPECT_FALSE(kept({host_header(), connection_header("foo, close")}, true));
  EXPECT_FALSE(kept({}, false));
  EXPECT_TRUE(kept({connection_header("keep-alive")}, false));
  EXPECT_FALSE(kept({connection_header("keep-alive"), connection_header("close")}, false));
}

TEST(head_rules, meet_one_expectation) {
  EXPECT_TRUE(judge_head(fields{host_header(), expect_header("100-Continue")}, true).expects_continue);
  EXPECT_EQ(status_of({host_header(), expect_header("the-unexpected")}), 417U);
  EXPECT_FALSE(judge_head(fields{expect_header("100-continue")}, false).expects_continue);
}

}  // namespace
}  // namespace loopscope::http
