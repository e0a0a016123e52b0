// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>
#include <sys/ioctl.h>

#include "test_server.hpp"

namespace loopscope::http {
namespace {

const std::string wait = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";
using test::hello;

class client_gone : public ::testing::Test {
 protected:
  bool told() {
    return server_.eventually([this] { return server_.told_gone == 1 && server_.seen.ended("/wait", 499) == 1; });
  }
  void start(const std::string& bytes) {
    client_.send(bytes);
    ASSERT_TRUE(server_.eventually([this] { return server_.waiting == 1; }));
  }
  test::test_server server_;
  test::raw_client client_ = server_.connect();
};

TEST_F(client_gone, is_told_on_disconnect) {
  start(wait);
  client_.close();
  EXPECT_TRUE(told());
}

TEST_F(client_gone, is_told_on_reset) {
  start(wait);
  client_.reset();
  EXPECT_TRUE(told());
}

TEST_F(client_gone, is_told_on_half_close_and_the_answer_still_comes) {
  start(wait);
  client_.half_close();
  EXPECT_TRUE(told());
  EXPECT_EQ(client_.receive().body, "waited\n");
  EXPECT_TRUE(client_.at_end());
}

TEST_F(client_gone, is_told_behind_pipelined_requests) {
  start(wait + hello + hello);
  client_.close();
  EXPECT_TRUE(told());
}

TEST_F(client_gone, is_told_behind_more_than_the_read_ahead_holds) {
  std::string many = wait;
  while (many.size() < 50'000)  // what the kernel takes behind the read-ahead, so that the end arrives
    many += hello;
  start(many);
  client_.close();
  EXPECT_TRUE(told());
}

TEST_F(client_gone, is_looked_for_by_reading_ahead_up_to_a_bound) {
  start(wait);
  const auto unread = [this] {
    int bytes = 0;
    ioctl(server_.seen.last_socket, FIONREAD, &bytes);
    return bytes;
  };
  client_.send(hello);
  EXPECT_TRUE(server_.eventually([&] { return unread() == 0; }));
  client_.send(std::string(60'000, '\n'));
  EXPECT_TRUE(server_.eventually([&] { return unread() > 20'000; }));
  server_.run_on_loop([] {});
  EXPECT_GT(unread(), 20'000);
}

TEST_F(client_gone, drops_the_requests_behind_a_run_that_was_left) {
  start(wait + "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  client_.reset();
  EXPECT_TRUE(told());
  EXPECT_TRUE(server_.eventually([this] { return server_.http().open_connections() == 0; }));
  EXPECT_EQ(server_.seen.ended("/later", 200), 0);
}

TEST_F(client_gone, is_not_told_while_the_client_stays) {
  start(wait + hello);
  server_.release_waiters = true;
  EXPECT_EQ(client_.receive().body, "waited\n");
  EXPECT_EQ(client_.receive().body, "hello\n");
  EXPECT_EQ(server_.told_gone, 0);
}

TEST_F(client_gone, is_told_on_abort) {
  start(wait);
  server_.run_on_loop([this] { server_.http().abort(); });
  EXPECT_TRUE(told());
  EXPECT_TRUE(client_.at_end());
}

}  // namespace
}  // namespace loopscope::http
