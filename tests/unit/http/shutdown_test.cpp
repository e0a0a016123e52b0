// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include "test_server.hpp"

namespace loopscope::http {
namespace {

using test::hello;
const std::string wait = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(shutdown, lets_an_idle_loop_run_out) {
  test::test_server server;
  server.drain();
  server.wait_until_drained();
}

TEST(shutdown, closes_idle_connections_at_once) {
  test::test_server server;
  auto fresh = server.connect();
  auto used = server.connect();
  ASSERT_EQ(used.ask(hello).status, 200);
  ASSERT_TRUE(server.eventually([&] { return server.open() == 2; }));
  server.drain();
  EXPECT_TRUE(fresh.at_end());
  EXPECT_TRUE(used.at_end());
  server.wait_until_drained();
}

TEST(shutdown, completes_the_answer_in_flight_and_says_close) {
  test::test_server server;
  auto client = server.connect();
  client.send(wait);
  ASSERT_TRUE(server.eventually([&] { return server.waiting == 1; }));
  server.drain();
  server.release_waiters = true;
  const auto answer = client.receive();
  EXPECT_EQ(answer.body, "waited\n");
  EXPECT_TRUE(answer.has("connection: close\r\n"));
  EXPECT_TRUE(client.at_end());
  client.close();
  server.wait_until_drained();
  EXPECT_EQ(server.told_gone, 0);
}

TEST(shutdown, answers_a_request_that_has_begun_to_arrive) {
  test::test_server server;
  auto client = server.connect();
  ASSERT_EQ(client.ask(hello).status, 200);
  client.send(hello.substr(0, 10));
  server.run_on_loop([] {});
  server.run_on_loop([] {});
  server.drain();
  const auto answer = client.ask(hello.substr(10));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.has("connection: close\r\n"));
  client.close();
  server.wait_until_drained();
}

TEST(shutdown, accepts_nobody_afterwards) {
  test::test_server server;
  server.drain();
  server.wait_until_drained();
  EXPECT_THROW(server.connect(), boost::system::system_error);
}

TEST(shutdown, aborts_what_does_not_finish) {
  test::test_server server;
  auto client = server.connect();
  client.send(wait);
  ASSERT_TRUE(server.eventually([&] { return server.waiting == 1; }));
  server.drain();
  server.run_on_loop([&] { server.http().abort(); });
  server.wait_until_drained();
  EXPECT_EQ(server.told_gone, 1);
}

TEST(shutdown, may_destroy_a_loop_with_connections_in_every_state) {
  router routes;
  bool handles = false;
  routes.add(verb::get, "/never", [&handles](const request&) -> task<response> {
    handles = true;
    timer never(co_await asio::this_coro::executor, std::chrono::hours(1));
    co_await never.async_wait(use_task);
    co_return response{};
  });
  auto loop = std::make_unique<asio::io_context>(1);
  auto server = std::make_unique<http::server>(*loop, routes);
  ASSERT_FALSE(server->listen({asio::ip::make_address("127.0.0.1"), 0}));
  server->start();
  test::raw_client idle(server->local_endpoint());
  test::raw_client reading(server->local_endpoint());
  test::raw_client handling(server->local_endpoint());
  reading.send("GET /");
  handling.send("GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!(handles && server->open_connections() == 3) && std::chrono::steady_clock::now() < give_up)
    loop->run_one_for(std::chrono::milliseconds(10));
  loop->poll();  // reads what has begun to arrive
  ASSERT_TRUE(handles);
  EXPECT_EQ(server->open_connections(), 3U);
  server.reset();
  loop.reset();
  EXPECT_TRUE(handling.at_end());
}

}  // namespace
}  // namespace loopscope::http
