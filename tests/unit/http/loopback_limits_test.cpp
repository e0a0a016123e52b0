// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <deque>
#include <optional>

#include "test_server.hpp"

namespace loopscope::http {
namespace {

using namespace std::chrono_literals;
using test::hello;

TEST(loopback_limits, ends_a_header_that_does_not_end) {
  limits bounds;
  bounds.header_timeout = 50ms;
  const test::test_server server(bounds);
  for (;;) {
    auto client = server.connect();
    const int status = client.ask("GET /hello HT").status;
    if (status == 0) continue;  // this thread was held up for so long that not one byte came in time
    EXPECT_EQ(status, 408);
    EXPECT_TRUE(client.at_end());
    return;
  }
}

TEST(loopback_limits, drops_a_client_that_does_not_read) {
  limits bounds;
  bounds.write_timeout = 50ms;
  test::test_server server(bounds);
  auto client = server.connect();
  client.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(server.eventually([&] { return server.seen.begun >= 1 && server.open() == 0; }));
}

TEST(loopback_limits, bounds_what_waits_for_a_client_that_pipelines_and_does_not_read) {
  limits bounds;
  bounds.write_timeout = 200ms;
  test::test_server server(bounds);
  auto client = server.connect();
  std::string batch;
  for (int i = 0; i < 1000; ++i) batch += hello;
  std::thread sender([&] {
    for (int i = 0; i < 400; ++i) client.send(batch);
  });
  EXPECT_TRUE(server.eventually([&] { return server.seen.begun >= 1 && server.open() == 0; }));
  EXPECT_LT(server.seen.begun, 400'000);
  sender.join();  // the server has reset the connection
}

TEST(loopback_limits, expires_nobody_because_the_loop_was_blocked) {
  limits bounds;
  bounds.header_timeout = 1s;  // enough for all to have begun before the loop is blocked
  test::test_server server(bounds);
  std::deque<test::raw_client> clients;
  for (int i = 0; i < 100; ++i) {
    clients.emplace_back(server.endpoint());
    ASSERT_EQ(clients.back().ask(hello).status, 200);
  }
  for (auto& client : clients) client.send(hello.substr(0, 10));
  server.run_on_loop([&] {
    for (auto& client : clients) client.send(hello.substr(10));
    std::this_thread::sleep_for(2s);
  });
  for (auto& client : clients) EXPECT_EQ(client.receive().status, 200);
}

TEST(loopback_limits, refuses_connections_beyond_the_limit_and_recovers) {
  limits bounds;
  bounds.max_connections = 2;
  test::test_server server(bounds);
  auto first = server.connect();
  auto second = server.connect();
  ASSERT_EQ(first.ask(hello).status, 200);
  ASSERT_EQ(second.ask(hello).status, 200);
  {
    auto third = server.connect();
    const auto refused = third.ask(hello);
    EXPECT_EQ(refused.status, 503);
    EXPECT_TRUE(refused.has("retry-after: "));
  }
  first.close();
  EXPECT_TRUE(server.eventually([&] { return server.connect().ask(hello).status == 200; }));
}

TEST(loopback_limits, survives_running_out_of_descriptors) {
  test::test_server server;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  std::optional<test::raw_client> client;
  server.run_on_loop([&] {  // so that it is not accepted before there is nothing left to accept it with
    client.emplace(server.endpoint());
    rlimit none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
  });
  EXPECT_TRUE(server.eventually([&] { return server.seen.accept_pauses >= 2; }));
  EXPECT_LT(server.seen.accept_pauses, 100);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(client->ask(hello).status, 200);
}

TEST(loopback_limits, pauses_far_beyond_the_limit_and_serves_those_who_waited) {
  limits bounds;
  bounds.max_connections = 2;
  test::test_server server(bounds);
  std::deque<test::raw_client> clients;
  for (int i = 0; i < 30; ++i) clients.emplace_back(server.endpoint());
  ASSERT_TRUE(server.eventually([&] { return server.http().open_connections() == 10; }));
  auto late = server.connect();
  clients.clear();
  ASSERT_NE(late.ask(hello).status, 0);
  EXPECT_TRUE(server.eventually([&] { return server.connect().ask(hello).status == 200; }));
}

}  // namespace
}  // namespace loopscope::http
