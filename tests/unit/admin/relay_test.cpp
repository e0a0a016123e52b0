// SPDX-License-Identifier: MIT

#include "server/admin/relay.hpp"

#include <gtest/gtest.h>

#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

#include "server/http/client.hpp"
#include "server/http/server.hpp"
#include "tests/support/deserted_port.hpp"
#include "tests/support/eventually.hpp"

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;
using http::tcp;
using loopscope::testing::eventually;
namespace asio = boost::asio;

/// A server on a thread of its own.
class running_server {
 public:
  void start() {
    if (const auto error = server_.listen({asio::ip::address_v4::loopback(), 0})) throw std::system_error(error);
    server_.start();
    thread_ = std::jthread{[this] { loop_.run(); }};
  }
  ~running_server() { loop_.stop(); }

  http::router& router() { return router_; }
  tcp::endpoint endpoint() const { return server_.local_endpoint(); }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(endpoint().port()) + path;
  }

 private:
  asio::io_context loop_{1};
  http::router router_;
  http::server server_{loop_, router_};
  std::jthread thread_;
};

/// A data plane whose /write ends when its client goes away or the test says so, and an admin plane that relays to it.
class relayed {
 public:
  relayed() {
    data_.router().fixed("/hello", http::response::text("hello\n"));
    data_.router().fixed("/secret", http::response::text("secret\n"));
    const auto write = [this](const http::request& request) { return wait(request); };
    data_.router().add(http::verb::post, "/write", write, {.refuse_cross_site = true, .head_from_get = false});
    data_.start();
    const relay passing{data_.endpoint()};
    admin_.router().add(http::verb::get, "/relay/hello", passing.handler("/hello"));
    admin_.router().add(http::verb::post, "/relay/write", passing.handler("/write"), {.head_from_get = false});
    admin_.router().fixed("/livez", http::response::text("ok\n"));
    admin_.start();
  }
  ~relayed() { finish(); }

  void finish() { finished_ = true; }
  const running_server& admin() const { return admin_; }
  int writes() const { return writes_; }
  int cancelled() const { return cancelled_; }
  std::string last_query() const {
    const std::lock_guard lock{mutex_};
    return query_;
  }

 private:
  http::task<http::response> wait(const http::request& request) {
    {
      const std::lock_guard lock{mutex_};
      query_ = request.raw_query();
    }
    ++writes_;
    const auto gone = request.client_gone();
    http::timer pause{co_await asio::this_coro::executor};
    while (!finished_ && !gone.stop_requested()) {
      pause.expires_after(5ms);
      co_await pause.async_wait(http::use_task);
    }
    if (gone.stop_requested()) ++cancelled_;
    co_return http::response::json("{}\n", 507).with("Retry-After", "7");
  }

  std::atomic<bool> finished_{false};
  std::atomic<int> writes_{0};
  std::atomic<int> cancelled_{0};
  mutable std::mutex mutex_;
  std::string query_;
  running_server data_;
  running_server admin_;
};

/// A connection that has sent a request.
class client {
 public:
  client(const tcp::endpoint& to, const std::string& head) {
    socket_.connect(to);
    asio::write(socket_, asio::buffer(head));
  }
  std::string response() {
    asio::streambuf buffer;
    boost::system::error_code end;
    asio::read(socket_, buffer, end);
    return {asio::buffers_begin(buffer.data()), asio::buffers_end(buffer.data())};
  }
  void leave() { socket_.close(); }

 private:
  asio::io_context loop_;
  tcp::socket socket_{loop_};
};

std::string post(const std::string& target, const std::string& fields = {}) {
  return "POST " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n" + fields +
         "\r\n";
}

TEST(relay, passes_on_hello) {
  const relayed service;
  const auto hello = http::blocking_get(service.admin().url("/relay/hello"), 20s).value();
  EXPECT_EQ(hello.status, 200U);
  EXPECT_EQ(hello.body, "hello\n");
}

TEST(relay, passes_on_a_write_with_its_query_and_returns_its_response) {
  relayed service;
  service.finish();
  const auto response = client{service.admin().endpoint(), post("/relay/write?method=sync&count=3")}.response();
  EXPECT_EQ(service.last_query(), "method=sync&count=3");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 507 ")) << response;
  EXPECT_NE(response.find("Retry-After: 7\r\n"), std::string::npos) << response;
  EXPECT_NE(response.find("Content-Type: application/json"), std::string::npos) << response;
  EXPECT_TRUE(response.ends_with("{}\n")) << response;
}

TEST(relay, knows_no_other_path_and_no_other_method) {
  const relayed service;
  for (const char* path : {"/relay/secret", "/relay/", "/relay/hello/../secret", "/relay/http://127.0.0.1/"})
    EXPECT_EQ(http::blocking_get(service.admin().url(path), 20s).value().status, 404U) << path;
  EXPECT_EQ(http::blocking_get(service.admin().url("/relay/write?method=sync"), 20s).value().status, 405U);
  EXPECT_EQ(service.writes(), 0);
}

TEST(relay, tells_the_data_plane_that_a_request_comes_from_another_site) {
  const relayed service;
  const auto request = post("/relay/write?method=sync", "Sec-Fetch-Site: cross-site\r\n");
  const auto response = client{service.admin().endpoint(), request}.response();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 403 ")) << response;
  EXPECT_EQ(service.writes(), 0);
}

TEST(relay, cancels_the_write_of_a_client_that_goes_away) {
  const relayed service;
  client asking{service.admin().endpoint(), post("/relay/write")};
  ASSERT_TRUE(eventually([&service] { return service.writes() == 1; }));
  asking.leave();
  EXPECT_TRUE(eventually([&service] { return service.cancelled() == 1; }));
}

TEST(relay, passes_on_so_many_at_a_time_while_the_admin_plane_answers) {
  const relayed service;
  std::vector<std::unique_ptr<client>> waiting;
  for (std::size_t i = 0; i < relay::max_open; ++i)
    waiting.push_back(std::make_unique<client>(service.admin().endpoint(), post("/relay/write")));
  ASSERT_TRUE(eventually([&service] { return service.writes() == int{relay::max_open}; }));
  EXPECT_EQ(http::blocking_get(service.admin().url("/livez"), 20s).value().status, 200U);
  EXPECT_EQ(http::blocking_get(service.admin().url("/relay/hello"), 20s).value().status, 503U);
  waiting.pop_back();
  EXPECT_TRUE(eventually(
      [&service] { return http::blocking_get(service.admin().url("/relay/hello"), 20s).value().status == 200; }));
}

TEST(relay, says_when_the_data_plane_cannot_be_reached) {
  const loopscope::testing::deserted_port nobody;
  const relay passing{nobody.endpoint()};
  running_server admin;
  admin.router().add(http::verb::get, "/relay/hello", passing.handler("/hello"));
  admin.start();
  const auto response = http::blocking_get(admin.url("/relay/hello"), 20s).value();
  EXPECT_EQ(response.status, 502U);
  EXPECT_NE(response.body.find("does not respond: Connection refused"), std::string::npos) << response.body;
}

}  // namespace
}  // namespace loopscope::admin
