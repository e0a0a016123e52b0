#include "server/monitor/loop_watch.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <thread>

namespace loopscope::monitor {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

TEST(waiting_data, is_as_old_as_the_last_segment) {
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  asio::ip::tcp::socket client(io);
  client.connect(acceptor.local_endpoint());
  auto server = acceptor.accept();
  asio::write(client, asio::buffer("x", 1));
  const auto sent = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(milliseconds{80});
  const auto waited = unread_data_age(server.native_handle());
  const auto at_most = std::chrono::steady_clock::now() - sent;
  ASSERT_TRUE(waited);
  EXPECT_GE(*waited, milliseconds{60});
  EXPECT_LE(*waited, at_most + milliseconds{20});
}

TEST(waiting_data, is_unknown_for_anything_but_a_tcp_socket) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_FALSE(unread_data_age(ends[0]));
  EXPECT_FALSE(unread_data_age(-1));
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace loopscope::monitor
