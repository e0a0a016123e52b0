// SPDX-License-Identifier: MIT

#include "server/http/client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>

#include "test_server.hpp"
#include "tests/support/deserted_port.hpp"

namespace loopscope::http {
namespace {

using namespace std::chrono_literals;
constexpr auto max_wait = 30s;

std::string url(const tcp::endpoint& at, const std::string& target) {
  return "http://127.0.0.1:" + std::to_string(at.port()) + target;
}

TEST(client, gets_status_and_body) {
  const test::test_server server;
  const auto hello = blocking_get(url(server.endpoint(), "/hello"), max_wait);
  ASSERT_TRUE(hello) << hello.error().message();
  EXPECT_EQ(hello->status, 200U);
  EXPECT_EQ(hello->body, "hello\n");
  EXPECT_EQ(blocking_get(url(server.endpoint(), "/query?a=b%20c"), max_wait)->body, "[a=b c]");
  EXPECT_EQ(blocking_get(url(server.endpoint(), "/nowhere"), max_wait)->status, 404U);
}

TEST(client, gives_up_after_its_time) {
  const test::test_server server;
  EXPECT_EQ(blocking_get(url(server.endpoint(), "/wait"), 50ms).error(), asio::error::timed_out);
}

TEST(client, says_why_it_could_not) {
  const loopscope::testing::deserted_port nobody;
  EXPECT_EQ(blocking_get(url(nobody.endpoint(), "/"), max_wait).error(), asio::error::connection_refused);
  EXPECT_TRUE(blocking_get("https://127.0.0.1/", max_wait).has_error());
  EXPECT_TRUE(blocking_get("nonsense", max_wait).has_error());
}

}  // namespace
}  // namespace loopscope::http
