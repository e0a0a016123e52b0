// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include "test_server.hpp"

namespace loopscope::http {
namespace {

using test::hello;

TEST(loopback, answers_hello) {
  const test::test_server server;
  auto client = server.connect();
  const auto answer = client.ask(hello);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello\n");
  EXPECT_TRUE(server.eventually([&] { return server.seen.ended("/hello", 200) == 1; }));
}

TEST(loopback, gives_head_the_headers_of_get) {
  const test::test_server server;
  for (const std::string path : {"/hello", "/later", "/nowhere", "/query?a=b"}) {
    auto client = server.connect();
    const auto whole = client.ask("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    client.send("HEAD " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto head = client.receive(true);
    const auto without_date = [](std::string text) {
      const auto at = text.find("date: ");
      return text.erase(at, text.find("\r\n", at) - at);
    };
    EXPECT_EQ(without_date(head.head), without_date(whole.head)) << path;
    EXPECT_EQ(client.ask(hello).body, "hello\n") << path;
  }
}

TEST(loopback, answers_pipelined_requests_in_order) {
  const test::test_server server;
  auto client = server.connect();
  std::string batch;
  for (int i = 0; i < 300; ++i) {
    const auto number = std::to_string(i);
    batch += "GET /query?i=" + number + " HTTP/1.1\r\nHost: x\r\n\r\n" + hello;
    batch += "GET /later HTTP/1.1\r\nHost: x\r\n\r\n";
    batch += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(number.size()) + "\r\n\r\n" + number;
  }
  std::thread sender([&] { client.send(batch); });
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(client.receive().body, "[i=" + std::to_string(i) + "]");
    EXPECT_EQ(client.receive().body, "hello\n");
    EXPECT_EQ(client.receive().body, "later\n");
    EXPECT_EQ(client.receive().body, std::to_string(i));
  }
  sender.join();
}

TEST(loopback, sends_answers_of_one_batch_together) {
  const test::test_server server;
  auto client = server.connect();
  const auto one = client.ask(hello);
  const auto size = one.head.size() + 2 + one.body.size();
  std::string batch;
  for (int i = 0; i < 16; ++i) batch += hello;
  client.send(batch);
  char answers[16 * 1024];
  // One segment, one receive: what several writes would send could arrive together too, but not always.
  EXPECT_EQ(client.socket().read_some(asio::buffer(answers)), 16 * size);
}

TEST(loopback, hides_why_a_handler_failed) {
  const test::test_server server;
  auto client = server.connect();
  const auto answer = client.ask("GET /throws HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  EXPECT_EQ(server.seen.last_failure(), "secret of the handler");
}

TEST(loopback, names_a_malformed_parameter) {
  const test::test_server server;
  auto client = server.connect();
  const auto answer = client.ask("GET /query?a=1&count=%zz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(answer.body.find("\"parameter\":\"count\""), std::string::npos);
  EXPECT_NE(answer.body.find("Parameter 'count' is '%zz'; allowed: percent-encoded text."), std::string::npos);
}

TEST(loopback, answers_the_same_host_of_another_port) {
  const test::test_server server;
  auto client = server.connect();
  const auto same = client.ask("GET /hello HTTP/1.1\r\nHost: x:8080\r\nOrigin: http://x:8081\r\n\r\n");
  EXPECT_TRUE(same.has("access-control-allow-origin: http://x:8081\r\n"));
  EXPECT_TRUE(same.has("vary: origin\r\n"));
  const auto other = client.ask("GET /hello HTTP/1.1\r\nHost: x:8080\r\nOrigin: http://y\r\n\r\n");
  EXPECT_FALSE(other.has("access-control"));
  EXPECT_TRUE(other.has("vary: origin\r\n"));
}

TEST(loopback, answers_what_a_half_closed_client_sent_before) {
  const test::test_server server;
  auto client = server.connect();
  client.send(hello + hello + "GET /query?a=b HTTP/1.1\r\nHost: x\r\n\r\n");
  client.half_close();
  EXPECT_EQ(client.receive().body, "hello\n");
  EXPECT_EQ(client.receive().body, "hello\n");
  EXPECT_EQ(client.receive().body, "[a=b]");
  EXPECT_TRUE(client.at_end());
}

TEST(loopback, sends_large_answers_to_clients_that_read_late) {
  const test::test_server server;
  auto client = server.connect();
  client.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n" + hello);
  EXPECT_EQ(client.receive().body.size(), 20'000'000U);
  EXPECT_EQ(client.receive().body, "hello\n");
}

TEST(loopback, pairs_every_begin_with_an_end_and_closes_every_connection) {
  test::test_server server;
  for (const std::string target : {"/hello", "/later", "/throws", "/nowhere", "/stream"}) {
    server.connect().ask("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  EXPECT_TRUE(server.eventually([&] { return server.seen.begun == 5 && server.open() == 0; }));
  EXPECT_EQ(server.seen.begun, 5);
  EXPECT_EQ(server.seen.ended("/hello", 200) + server.seen.ended("/later", 200) + server.seen.ended("/throws", 500) +
                server.seen.ended("other", 404) + server.seen.ended("/stream", 200),
            5);
  EXPECT_EQ(server.http().open_connections(), 0U);
}

TEST(loopback, says_when_an_address_is_in_use) {
  const test::test_server server;
  asio::io_context loop(1);
  const router routes;
  http::server second(loop, routes);
  EXPECT_EQ(second.listen(server.endpoint()), asio::error::address_in_use);
}

TEST(loopback, shares_a_port_between_its_own_loops_only) {
  using sharing = port_sharing;
  asio::io_context loop(1);
  const router routes;
  http::server first(loop, routes);
  http::server second(loop, routes);
  ASSERT_FALSE(first.listen({asio::ip::make_address("127.0.0.1"), 0}, {.sharing = sharing::first}));
  EXPECT_FALSE(second.listen(first.local_endpoint(), {.sharing = sharing::join}));
  for (const std::string address : {"127.0.0.1", "0.0.0.0", "::"}) {
    for (const auto other : {sharing::none, sharing::first}) {
      http::server foreign(loop, routes);
      EXPECT_EQ(foreign.listen({asio::ip::make_address(address), first.local_endpoint().port()}, {.sharing = other}),
                asio::error::address_in_use)
          << address;
    }
  }
}

TEST(loopback, lets_nobody_join_a_port_that_is_not_shared) {
  const test::test_server server;
  asio::io_context loop(1);
  const router routes;
  http::server second(loop, routes);
  EXPECT_EQ(second.listen(server.endpoint(), {.sharing = port_sharing::join}), asio::error::address_in_use);
}

TEST(loopback, listens_on_ipv6) {
  asio::io_context loop(1);
  const router routes;
  http::server server(loop, routes);
  EXPECT_FALSE(server.listen({asio::ip::make_address("::1"), 0}));
  EXPECT_NE(server.local_endpoint().port(), 0);
}

}  // namespace
}  // namespace loopscope::http
