// SPDX-License-Identifier: MIT

#include "server/http/client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>

#include "test_server.hpp"

namespace loopscope::http {
namespace {

using namespace std::chrono_literals;

std::string url(const tcp::endpoint& at, const std::string& target) {
  return "http://127.0.0.1:" + std::to_string(at.port()) + target;
}

TEST(client, gets_status_and_body) {
  const test::test_server server;
  const auto hello = blocking_get(url(server.endpoint(), "/hello"), 5s);
  ASSERT_TRUE(hello) << hello.error().message();
  EXPECT_EQ(hello->status, 200U);
  EXPECT_EQ(hello->body, "hello\n");
  EXPECT_EQ(blocking_get(url(server.endpoint(), "/query?a=b%20c"), 5s)->body, "[a=b c]");
  EXPECT_EQ(blocking_get(url(server.endpoint(), "/nowhere"), 5s)->status, 404U);
}

TEST(client, gives_up_after_its_time) {
  const test::test_server server;
  EXPECT_EQ(blocking_get(url(server.endpoint(), "/wait"), 50ms).error(), asio::error::timed_out);
}

TEST(client, says_why_it_could_not) {
  tcp::endpoint gone;
  {
    const test::test_server server;
    gone = server.endpoint();
  }
  EXPECT_EQ(blocking_get(url(gone, "/"), 5s).error(), asio::error::connection_refused);
  EXPECT_TRUE(blocking_get("https://127.0.0.1/", 5s).has_error());
  EXPECT_TRUE(blocking_get("nonsense", 5s).has_error());
}

}  // namespace
}  // namespace loopscope::http
