// SPDX-License-Identifier: MIT

#include "server/http/parse/head_scanner.hpp"

#include <gtest/gtest.h>

#include <string>

namespace loopscope::http {
namespace {

using state = head_scanner::state;

limits small() {
  limits bounds;
  bounds.max_target_bytes = 100;
  bounds.max_header_bytes = 400;
  bounds.max_header_fields = 3;
  return bounds;
}

unsigned status_of(std::string_view bytes) {
  const auto bounds = small();
  head_scanner scanner(bounds);
  return scanner.scan(bytes) == state::refused ? scanner.reason().status : 0;
}

TEST(head_scanner, finds_the_end_in_one_piece) {
  const auto bounds = small();
  head_scanner scanner(bounds);
  EXPECT_EQ(scanner.scan("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET"), state::complete);
  EXPECT_EQ(scanner.head_size(), 27U);
}

TEST(head_scanner, finds_the_end_byte_by_byte) {
  const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  const auto bounds = small();
  head_scanner scanner(bounds);
  for (std::size_t size = 1; size < head.size(); ++size) {
    ASSERT_EQ(scanner.scan(std::string_view(head).substr(0, size)), state::need_more) << size;
  }
  EXPECT_EQ(scanner.scan(head), state::complete);
}

TEST(head_scanner, starts_anew_after_reset) {
  const auto bounds = small();
  head_scanner scanner(bounds);
  EXPECT_EQ(scanner.scan("GET / HTTP/1.1\n"), state::refused);
  scanner.reset();
  EXPECT_EQ(scanner.scan("GET / HTTP/1.1\r\n\r\n"), state::complete);
}

TEST(head_scanner, refuses_broken_lines_at_once) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\n"), 400U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\n"), 400U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA: b\r\n c\r\n"), 400U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n A: b\r\n"), 400U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA: b\rc"), 400U);
  EXPECT_EQ(status_of(std::string("GET / HTTP/1.1\r\nA: \0", 20)), 400U);
}

TEST(head_scanner, refuses_unknown_versions) {
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\n"), 505U);
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505U);
  EXPECT_EQ(status_of("GET / HTTP/1.2\r\n"), 505U);
  EXPECT_EQ(status_of("GET / HTTP/0.9\r\n"), 505U);
  EXPECT_EQ(status_of("GET / HTTP/11\r\n"), 400U);
  EXPECT_EQ(status_of("GET / http/1.1\r\n"), 400U);
  EXPECT_EQ(status_of("GET /\r\n"), 400U);
  EXPECT_EQ(status_of("GET / HTTP/1.1 \r\n"), 400U);
}

TEST(head_scanner, bounds_target_header_and_fields) {
  const std::string x(200, 'x');
  EXPECT_EQ(status_of("GET /" + x), 414U);
  EXPECT_EQ(status_of("GET /" + x + " HTTP/1.1\r\n"), 414U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA: " + x + x), 431U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA: " + x + "\r\nB: " + x + "\r\n"), 431U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\na:1\r\nb:1\r\nc:1\r\n"), 0U);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\na:1\r\nb:1\r\nc:1\r\nd:1\r\n"), 431U);
}

TEST(head_scanner, finds_what_is_broken_where_it_comes_byte_by_byte) {
  for (const std::string_view bytes : {std::string_view("GET / HTTP/1.1\r\nA: b\rc"), std::string_view("GET /\0", 6),
                                       std::string_view("GET / HTTP/1.1\r\nA: \0", 20)}) {
    const auto bounds = small();
    head_scanner scanner(bounds);
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      ASSERT_EQ(scanner.scan(bytes.substr(0, size)), state::need_more) << size;
    }
    EXPECT_EQ(scanner.scan(bytes), state::refused);
    EXPECT_EQ(scanner.reason().status, 400U);
  }
}

}  // namespace
}  // namespace loopscope::http
