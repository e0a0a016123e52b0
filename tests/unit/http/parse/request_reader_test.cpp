// SPDX-License-Identifier: MIT

#include "server/http/parse/request_reader.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>

namespace loopscope::http {
namespace {

using outcome = request_reader::outcome;

class request_reader_test : public ::testing::Test {
 protected:
  outcome feed(std::string_view bytes) {
    for (;;) {
      const auto room = in_.prepare();
      const auto piece = bytes.substr(0, room.size());
      std::memcpy(room.data(), piece.data(), piece.size());
      in_.commit(piece.size());
      bytes.remove_prefix(piece.size());
      const auto got = reader_->next(in_);
      if (bytes.empty() || got == outcome::refused) return got;
    }
  }
  unsigned refused(std::string_view bytes) {
    reader_.emplace(bounds_);
    in_ = input_buffer(40'000);
    const auto got = feed(bytes);
    return got == outcome::refused ? reader_->reason().status : 0;
  }
  const request& message() { return reader_->message(); }

  limits bounds_;
  input_buffer in_{40'000};
  std::optional<request_reader> reader_{bounds_};
};

TEST_F(request_reader_test, reads_pipelined_requests_one_by_one) {
  EXPECT_EQ(feed("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: y\r\n\r\n"), outcome::ready);
  EXPECT_EQ(message().path(), "/a");
  EXPECT_EQ(message().host(), "x");
  const auto first_id = message().id();
  reader_->take_next();
  EXPECT_EQ(reader_->next(in_), outcome::ready);
  EXPECT_EQ(message().path(), "/b");
  EXPECT_EQ(message().host(), "y");
  EXPECT_GT(message().id(), first_id);
  reader_->take_next();
  EXPECT_EQ(reader_->next(in_), outcome::need_more);
}

TEST_F(request_reader_test, reads_the_same_byte_by_byte) {
  const std::string bytes =
      "POST /echo?a=%41 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;ext=\"v\"\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: Host\r\n\r\n";
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) ASSERT_EQ(feed({&bytes[i], 1}), outcome::need_more) << i;
  EXPECT_EQ(feed({&bytes.back(), 1}), outcome::ready);
  EXPECT_EQ(message().body(), "hello!");
  EXPECT_EQ(message().parameters()[0].value, "A");
  EXPECT_EQ(message().headers().size(), 2U);
}

TEST_F(request_reader_test, leaves_the_next_request_behind_a_body) {
  EXPECT_EQ(feed("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n"), outcome::ready);
  EXPECT_EQ(message().body(), "abc");
  EXPECT_EQ(in_.data(), "GET /b HTTP/1.1\r\n");
}

TEST_F(request_reader_test, asks_for_continue_only_when_the_body_waits) {
  EXPECT_EQ(feed("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
            outcome::send_continue);
  EXPECT_EQ(reader_->next(in_), outcome::need_more);
  EXPECT_EQ(feed("ab"), outcome::ready);
  reader_->take_next();
  EXPECT_EQ(feed("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab"), outcome::ready);
}

TEST_F(request_reader_test, ignores_empty_lines_before_a_request) {
  EXPECT_EQ(feed("\r\n\r\n\r"), outcome::need_more);
  EXPECT_EQ(reader_->where(), request_reader::stage::between);
  EXPECT_EQ(feed("\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), outcome::ready);
}

TEST_F(request_reader_test, decodes_the_path_and_names_a_malformed_parameter) {
  EXPECT_EQ(feed("GET /hel%6Co%20%2F HTTP/1.1\r\nHost: x\r\n\r\n"), outcome::ready);
  EXPECT_EQ(message().path(), "/hello /");
  EXPECT_EQ(refused("GET /?count=%zz HTTP/1.1\r\nHost: x\r\n\r\n"), 400U);
  ASSERT_TRUE(reader_->refused_parameter());
  EXPECT_EQ(reader_->refused_parameter()->name, "count");
}

TEST_F(request_reader_test, takes_the_host_from_an_absolute_target) {
  EXPECT_EQ(feed("GET http://example.org/a?b=c HTTP/1.1\r\nHost: other\r\n\r\n"), outcome::ready);
  EXPECT_EQ(message().path(), "/a");
  EXPECT_EQ(message().host(), "example.org");
}

TEST_F(request_reader_test, refuses_bodies_over_the_limit_before_reading_them) {
  bounds_.max_body_bytes = 10;
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n"), 413U);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n"), 413U);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\n"), 413U);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789"), 0U);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"),
            0U);
  bounds_.max_body_bytes = 0;
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), 0U);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n"), 413U);
}

TEST_F(request_reader_test, takes_what_is_exactly_at_a_limit_and_nothing_more) {
  bounds_.max_target_bytes = 20;
  bounds_.max_header_bytes = 100;
  bounds_.max_header_fields = 2;
  const auto with_target = [](std::size_t bytes) {
    return "GET /" + std::string(bytes - 1, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n";
  };
  EXPECT_EQ(refused(with_target(20)), 0U);
  EXPECT_EQ(refused(with_target(21)), 414U);
  const auto with_header = [](std::size_t bytes) {
    const std::string start = "GET / HTTP/1.1\r\nHost: x\r\nA: ";
    return start + std::string(bytes - start.size() - 4, 'a') + "\r\n\r\n";
  };
  EXPECT_EQ(refused(with_header(100)), 0U);
  EXPECT_EQ(refused(with_header(101)), 431U);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: x\r\na:1\r\n\r\n"), 0U);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: x\r\na:1\r\nb:1\r\n\r\n"), 431U);
}

TEST_F(request_reader_test, takes_memory_for_a_body_as_it_comes) {
  bounds_.max_body_bytes = 1 << 30;
  EXPECT_EQ(feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\nabc"), outcome::need_more);
  EXPECT_LT(message().body().size(), 4U);
  EXPECT_LT(message().held_bytes(), 100'000U);
}

TEST_F(request_reader_test, gives_back_what_a_long_request_took) {
  const std::string head =
      "POST /%41" + std::string(4000, 'a') + "?a&b&c HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n";
  std::string fields;
  for (int i = 0; i < 90; ++i) fields += "a:\r\n";
  ASSERT_EQ(feed(head + fields + "\r\n" + std::string(30'000, 'b')), outcome::ready);
  EXPECT_GT(message().held_bytes(), 38'000U);
  reader_->take_next();
  EXPECT_LT(message().held_bytes(), 4'000U);
}

TEST_F(request_reader_test, stays_usable_after_being_moved) {
  ASSERT_EQ(feed("GET /a?b=c HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n"), outcome::ready);
  const request moved = std::move(reader_->message());
  EXPECT_EQ(moved.path(), "/a");
  EXPECT_EQ(moved.find("a"), "b");
  EXPECT_EQ(moved.find(field::host), "x");
  EXPECT_EQ(moved.find(field::accept), std::nullopt);
}

}  // namespace
}  // namespace loopscope::http
