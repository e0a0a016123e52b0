// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "server/monitor/loop_watch.hpp"

namespace loopscope::monitor {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using steady = std::chrono::steady_clock;

TEST(unread_data, is_as_old_as_the_last_segment) {
  // The kernel's clock is as coarse as its tick.
  constexpr milliseconds max_tick{20};
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  asio::ip::tcp::socket client(io);
  client.connect(acceptor.local_endpoint());
  auto server = acceptor.accept();
  const auto before_sent = steady::now();
  asio::write(client, asio::buffer("x", 1));
  const auto after_sent = steady::now();
  std::this_thread::sleep_for(milliseconds{80});
  const auto before = steady::now();
  const auto age = unread_data_age(server.native_handle());
  const auto after = steady::now();
  ASSERT_TRUE(age);
  EXPECT_GE(*age, before - after_sent - max_tick);
  EXPECT_LE(*age, after - before_sent + max_tick);
}

TEST(unread_data, has_no_known_age_for_anything_but_a_tcp_socket) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_FALSE(unread_data_age(ends[0]));
  EXPECT_FALSE(unread_data_age(-1));
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace loopscope::monitor
