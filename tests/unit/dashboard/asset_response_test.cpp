// SPDX-License-Identifier: MIT

#include "server/dashboard/dashboard.hpp"

#include <gtest/gtest.h>

#include "tests/unit/http/parsed_request.hpp"

namespace loopscope::dashboard {
namespace {

constexpr asset page{"app.js", "text/javascript; charset=utf-8", "0123456789abcdef", "let a = 1;", "squeezed"};

http::response ask(const std::string& headers) {
  return asset_response(page, http::test::parsed("GET / HTTP/1.1\r\nHost: demo.local:8081\r\n" + headers + "\r\n"));
}

std::string header(const http::response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return {};
}

TEST(asset_response, is_compressed_for_clients_that_accept_it) {
  const auto response = ask("Accept-Encoding: br, gzip;q=0.5\r\n");
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(response.body, "squeezed");
  EXPECT_EQ(header(response, "Content-Encoding"), "gzip");
  EXPECT_EQ(response.content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(header(response, "Vary"), "Accept-Encoding");
}

TEST(asset_response, is_uncompressed_for_all_others) {
  for (const std::string headers : {"", "Accept-Encoding: br\r\n", "Accept-Encoding: gzip;q=0\r\n"}) {
    const auto response = ask(headers);
    EXPECT_EQ(response.body, "let a = 1;") << headers;
    EXPECT_EQ(header(response, "Content-Encoding"), "") << headers;
  }
}

TEST(asset_response, has_an_etag_per_encoding) {
  EXPECT_EQ(header(ask(""), "ETag"), "\"0123456789abcdef\"");
  EXPECT_EQ(header(ask("Accept-Encoding: gzip\r\n"), "ETag"), "\"0123456789abcdef-gzip\"");
}

TEST(asset_response, is_not_sent_again_to_a_client_that_has_it) {
  const auto response = ask("Accept-Encoding: gzip\r\nIf-None-Match: \"old\", W/\"0123456789abcdef-gzip\"\r\n");
  EXPECT_EQ(response.status, 304u);
  EXPECT_TRUE(response.body.empty());
  EXPECT_EQ(header(response, "ETag"), "\"0123456789abcdef-gzip\"");
  EXPECT_NE(header(response, "Content-Security-Policy"), "");
  EXPECT_EQ(ask("If-None-Match: \"0123456789abcdef-gzip\"\r\n").status, 200u) << "another encoding";
}

TEST(asset_response, allows_no_inline_code_and_no_other_host) {
  const auto policy = header(ask(""), "Content-Security-Policy");
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("script-src 'self';"), std::string::npos);
  EXPECT_NE(policy.find("connect-src 'self' demo.local:*;"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(policy.find("http:"), std::string::npos);
  EXPECT_NE(content_security_policy("[::1]:8081").find("connect-src 'self' http: https:;"), std::string::npos);
}

TEST(accepts_gzip, follows_the_weights) {
  EXPECT_TRUE(accepts_gzip("gzip"));
  EXPECT_TRUE(accepts_gzip("deflate , GZIP ; q=1.0"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_TRUE(accepts_gzip("gzip;q=0.001"));
  EXPECT_FALSE(accepts_gzip("*;q=0"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0.000, *"));
  EXPECT_FALSE(accepts_gzip("x-gzip-not"));
  EXPECT_FALSE(accepts_gzip(""));
}

TEST(contains_etag, compares_weakly) {
  EXPECT_TRUE(contains_etag("*", "\"a\""));
  EXPECT_TRUE(contains_etag("\"b\" ,W/\"a\"", "\"a\""));
  EXPECT_FALSE(contains_etag("\"ab\"", "\"a\""));
  EXPECT_FALSE(contains_etag("", "\"a\""));
}

TEST(all_assets, are_compressed_and_named_once_or_missing_with_a_reason) {
  EXPECT_EQ(all_assets().empty(), !missing().empty());
  for (const asset& each : all_assets()) {
    EXPECT_FALSE(each.identity.empty()) << each.name;
    EXPECT_TRUE(each.gzip.starts_with("\x1f\x8b")) << each.name;
    EXPECT_EQ(std::ranges::count(all_assets(), each.name, &asset::name), 1) << each.name;
  }
}

}  // namespace
}  // namespace loopscope::dashboard
