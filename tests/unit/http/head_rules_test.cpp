#include "server/http/head_rules.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace loopscope::http {
namespace {

using fields = std::vector<header>;

header host(std::string_view value = "x") {
  return {field::host, "Host", value};
}
header length(std::string_view value) {
  return {field::content_length, "Content-Length", value};
}
header coding(std::string_view value) {
  return {field::transfer_encoding, "Transfer-Encoding", value};
}
header connection(std::string_view value) {
  return {field::connection, "Connection", value};
}
header expect(std::string_view value) {
  return {field::expect, "Expect", value};
}

unsigned status_of(const fields& headers, bool http_1_1 = true) {
  return judge_head(headers, http_1_1).wrong.status;
}

TEST(head_rules, want_exactly_one_valid_host) {
  EXPECT_EQ(status_of({host()}), 0U);
  EXPECT_EQ(status_of({}), 400U);
  EXPECT_EQ(status_of({host(), host()}), 400U);
  EXPECT_EQ(status_of({host("a b")}), 400U);
  EXPECT_EQ(status_of({host("")}), 400U);
}

TEST(head_rules, let_http_1_0_do_without_a_host) {
  EXPECT_EQ(status_of({}, false), 0U);
  EXPECT_EQ(status_of({host(), host()}, false), 400U);
}

TEST(head_rules, want_one_plain_content_length) {
  EXPECT_EQ(judge_head(fields{host(), length("5")}, true).content_length, 5U);
  for (const auto* bad : {"+5", "-5", "5 5", "5,5", "", "0x5", "5.0", "99999999999999999999"}) {
    EXPECT_EQ(status_of({host(), length(bad)}), 400U) << bad;
  }
  EXPECT_EQ(status_of({host(), length("5"), length("5")}), 400U);
  EXPECT_EQ(status_of({host(), length("5"), length("6")}), 400U);
}

TEST(head_rules, know_one_transfer_coding) {
  EXPECT_EQ(status_of({host(), coding("chunked")}), 0U);
  EXPECT_EQ(status_of({host(), coding("Chunked")}), 0U);
  EXPECT_EQ(status_of({host(), coding("gzip, chunked")}), 501U);
  EXPECT_EQ(status_of({host(), coding("gzip")}), 501U);
  EXPECT_EQ(status_of({host(), coding("identity")}), 501U);
  EXPECT_EQ(status_of({host(), coding("xchunked")}), 501U);
}

TEST(head_rules, refuse_codings_that_hide_the_end) {
  EXPECT_EQ(status_of({host(), coding("chunked, gzip")}), 400U);
  EXPECT_EQ(status_of({host(), coding("chunked, chunked")}), 400U);
  EXPECT_EQ(status_of({host(), coding("chunked"), coding("chunked")}), 400U);
  EXPECT_EQ(status_of({host(), coding("")}), 400U);
  EXPECT_EQ(status_of({host(), coding("chunked;q=1")}), 400U);
  EXPECT_EQ(status_of({host(), coding("chunked")}, false), 400U);
  EXPECT_EQ(status_of({host(), coding("chunked"), length("5")}), 400U);
  EXPECT_EQ(status_of({host(), length("5"), coding("gzip")}), 400U);
}

TEST(head_rules, keep_alive_by_version_and_connection) {
  const auto kept = [](const fields& headers, bool http_1_1) { return judge_head(headers, http_1_1).keep_alive; };
  EXPECT_TRUE(kept({host()}, true));
  EXPECT_FALSE(kept({host(), connection("Close")}, true));
  EXPECT_FALSE(kept({host(), connection("foo, close")}, true));
  EXPECT_FALSE(kept({}, false));
  EXPECT_TRUE(kept({connection("keep-alive")}, false));
  EXPECT_FALSE(kept({connection("keep-alive"), connection("close")}, false));
}

TEST(head_rules, meet_one_expectation) {
  EXPECT_TRUE(judge_head(fields{host(), expect("100-Continue")}, true).expects_continue);
  EXPECT_EQ(status_of({host(), expect("the-unexpected")}), 417U);
  EXPECT_FALSE(judge_head(fields{expect("100-continue")}, false).expects_continue);
}

}  // namespace
}  // namespace loopscope::http
