// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <thread>

#include "server/dashboard/assets.hpp"
#include "server/dashboard/dashboard.hpp"
#include "server/http/server.hpp"
#include "tests/unit/http/raw_client.hpp"

namespace loopscope::dashboard {
namespace {

class asset_route : public ::testing::Test {
 protected:
  void SetUp() override {
    if (all_assets().empty()) GTEST_SKIP() << missing();
    add_routes(routes_);
    server_ = std::make_unique<http::server>(loop_, routes_);
    ASSERT_FALSE(server_->listen({boost::asio::ip::address_v4::loopback(), 0}));
    server_->start();
    thread_ = std::jthread{[this] { loop_.run(); }};
  }
  void TearDown() override {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }

  http::test::raw_client connect() const { return http::test::raw_client{server_->local_endpoint()}; }

 private:
  boost::asio::io_context loop_{1};
  http::router routes_;
  std::unique_ptr<http::server> server_;
  std::jthread thread_;
};

TEST_F(asset_route, serves_the_page_and_its_files) {
  auto client = connect();
  const auto served = client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(served.status, 200);
  EXPECT_TRUE(served.has("content-type: text/html; charset=utf-8"));
  EXPECT_NE(served.body.find("dashboard/app.js"), std::string::npos);
  const auto script = client.ask("GET /dashboard/app.js HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_EQ(script.status, 200);
  EXPECT_TRUE(script.has("content-encoding: gzip"));
  EXPECT_TRUE(script.body.starts_with("\x1f\x8b"));
  EXPECT_EQ(client.ask("GET /dashboard/index.html HTTP/1.1\r\nHost: x\r\n\r\n").status, 404);
}

TEST_F(asset_route, head_gets_the_fields_without_the_body) {
  auto client = connect();
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = client.receive(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.has("etag: \""));
  EXPECT_TRUE(head.has("content-length: "));
  EXPECT_TRUE(head.body.empty());
}

TEST_F(asset_route, a_304_keeps_the_connection_open) {
  auto client = connect();
  const auto first = client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto at = first.head.find("etag: ") + 6;
  const auto etag = first.head.substr(at, first.head.find("\r\n", at) - at);
  client.send("GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: " + etag + "\r\n\r\n");
  const auto again = client.receive(true);
  EXPECT_EQ(again.status, 304);
  EXPECT_TRUE(again.body.empty());
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
}

}  // namespace
}  // namespace loopscope::dashboard
