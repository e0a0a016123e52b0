// SPDX-License-Identifier: MIT

// What one client, or all together, may take of a server: connections, turns, memory and patience.

#include <gtest/gtest.h>

#include <deque>

#include "test_server.hpp"

namespace loopscope::http {
namespace {

using namespace std::chrono_literals;
using test::hello;
const std::string ask_query = "GET /query?a=b HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(loopback_budget, offers_one_address_its_share_and_no_more) {
  limits bounds;
  bounds.max_connections_per_address = 2;
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
    EXPECT_NE(refused.body.find("address"), std::string::npos);
  }
  first.close();
  EXPECT_TRUE(server.eventually([&] { return server.connect().ask(hello).status == 200; }));
}

TEST(loopback_budget, drops_an_address_that_does_not_listen_and_goes_on_accepting) {
  limits bounds;
  bounds.max_connections_per_address = 2;
  test::test_server server(bounds);
  std::deque<test::raw_client> clients;
  for (int i = 0; i < 30; ++i) clients.emplace_back(server.endpoint());
  EXPECT_TRUE(clients.back().at_end());
  EXPECT_EQ(server.http().open_connections(), 10U);
  clients.clear();
  EXPECT_TRUE(server.eventually([&] { return server.connect().ask(hello).status == 200; }));
}

TEST(loopback_budget, lets_others_have_their_turn_between_pipelined_requests) {
  limits bounds;
  bounds.max_pipelined = 4;
  test::test_server server(bounds);
  server.watch_turns();
  auto greedy = server.connect();
  std::string many;
  for (int i = 0; i < 100; ++i) many += hello + ask_query;
  greedy.send(many);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(greedy.receive().status, 200) << i;
  EXPECT_GT(server.max_begun_in_a_turn, 0);
  EXPECT_LE(server.max_begun_in_a_turn, 4);
}

TEST(loopback_budget, answers_all_that_is_pipelined_however_it_is_cut) {
  for (const std::size_t at_once : {1U, 2U, 3U, 7U, 100U}) {
    limits bounds;
    bounds.max_pipelined = at_once;
    test::test_server server(bounds);
    auto client = server.connect();
    std::string many;
    for (int i = 0; i < 20; ++i) many += hello + ask_query + "GET /later HTTP/1.1\r\nHost: x\r\n\r\n";
    client.send(many);
    for (int i = 0; i < 60; ++i) ASSERT_EQ(client.receive().status, 200) << at_once << ' ' << i;
    client.half_close();
    EXPECT_TRUE(client.at_end());
  }
}

TEST(loopback_budget, counts_what_a_request_is_split_into) {
  limits bounds;
  bounds.max_connection_bytes = 50'000;  // above twice the requests' own sizes
  test::test_server server(bounds);
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "a:\r\n";
  std::string query = "?a";
  for (int i = 0; i < 2000; ++i) query += "&a";
  auto many = server.connect();
  many.send("GET /wait" + query + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n");
  ASSERT_TRUE(server.eventually([&] { return server.waiting == 1; }));
  EXPECT_EQ(server.connect().ask(hello).status, 503);
  server.release_waiters = true;
  EXPECT_EQ(many.receive().status, 200);
  // Its connection, idle now, keeps none of it.
  EXPECT_EQ(server.connect().ask(hello).status, 200);
}

TEST(loopback_budget, is_patient_with_a_client_that_reads_slowly_but_reads) {
  limits bounds;
  bounds.write_timeout = 1s;
  test::test_server server(bounds);
  auto client = server.connect();
  client.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  // In all several times the time-out, never longer than a part of it without reading.
  std::size_t read = 0;
  const auto started = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - started < 3s) {
    const auto got = client.receive_bytes(8 * 1024).size();
    ASSERT_GT(got, 0U);
    read += got;
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(server.open(), 1U) << read;
}

}  // namespace
}  // namespace loopscope::http
