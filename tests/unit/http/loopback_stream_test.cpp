// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include "test_server.hpp"

namespace loopscope::http {
namespace {

using namespace std::chrono_literals;
using test::hello;
const std::string endless = "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(loopback_stream, sends_pieces_as_chunks_and_goes_on) {
  const test::test_server server;
  auto client = server.connect();
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n" + hello);
  const auto answer = client.receive();
  EXPECT_TRUE(answer.has("transfer-encoding: chunked\r\n"));
  EXPECT_FALSE(answer.has("content-length"));
  EXPECT_EQ(answer.body, "one two three");
  EXPECT_EQ(client.receive().body, "hello\n");
}

TEST(loopback_stream, ends_with_the_connection_in_http_1_0) {
  const test::test_server server;
  auto client = server.connect();
  const auto answer = client.ask("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(answer.has("connection: close\r\n"));
  EXPECT_EQ(answer.body, "one two three");
}

TEST(loopback_stream, sends_no_body_to_head) {
  const test::test_server server;
  auto client = server.connect();
  client.send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n" + hello);
  EXPECT_EQ(client.receive(true).status, 200);
  EXPECT_EQ(client.receive().body, "hello\n");
}

TEST(loopback_stream, ends_when_the_subscriber_leaves) {
  const test::test_server server;
  {
    auto client = server.connect();
    client.send(endless);
    EXPECT_FALSE(client.receive_bytes(50'000).empty());
  }
  EXPECT_TRUE(server.eventually([&] { return server.stream_ended == 1; }));
}

TEST(loopback_stream, drops_a_subscriber_that_does_not_read) {
  limits bounds;
  bounds.write_timeout = 50ms;
  const test::test_server server(bounds);
  auto client = server.connect();
  client.send(endless);
  EXPECT_TRUE(server.eventually([&] { return server.stream_ended == 1 && server.open() == 0; }));
}

TEST(loopback_stream, ends_properly_on_shutdown) {
  test::test_server server;
  auto client = server.connect();
  client.send(endless);
  ASSERT_TRUE(server.eventually([&] { return server.waiting == 1; }));
  server.drain();
  EXPECT_EQ(client.receive().status, 200);  // its last chunk came, or it would not be one
  EXPECT_TRUE(client.at_end());
  server.wait_until_drained();
}

}  // namespace
}  // namespace loopscope::http
