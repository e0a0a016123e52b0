// SPDX-License-Identifier: MIT

#include "server/app/listen_failure.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <fstream>

#include "tests/support/deserted_port.hpp"
#include "tests/support/temporary_directory.hpp"

namespace loopscope::app {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

tcp::endpoint loopback(std::uint16_t port = 0) {
  return {asio::ip::address_v4::loopback(), port};
}

TEST(port_holder, is_the_process_that_listens) {
  asio::io_context loop;
  const tcp::acceptor held{loop, loopback()};
  const auto holder = blocking_find_port_holder(held.local_endpoint());
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->pid, ::getpid());
  EXPECT_EQ(holder->user, ::getuid());
  EXPECT_EQ(holder->name, "unit_app");
  const tcp::endpoint everywhere{asio::ip::address_v4::any(), held.local_endpoint().port()};
  EXPECT_TRUE(blocking_find_port_holder(everywhere));
  const tcp::endpoint other{asio::ip::make_address("127.0.0.2"), held.local_endpoint().port()};
  EXPECT_FALSE(blocking_find_port_holder(other));
}

TEST(port_holder, is_nobody_where_nobody_listens) {
  const loopscope::testing::deserted_port nobody;
  EXPECT_FALSE(blocking_find_port_holder(nobody.endpoint()));
  EXPECT_FALSE(blocking_find_port_holder(loopback(1), "/nonexistent"));
}

/// A process whose descriptors cannot be read, as that of another user.
TEST(port_holder, is_a_user_where_the_process_cannot_be_looked_into) {
  const loopscope::testing::temporary_directory proc;
  std::filesystem::create_directories(proc.path() / "net");
  std::filesystem::create_directories(proc.path() / "12");
  std::ofstream{proc.path() / "net" / "tcp6"}
      << "  sl  local_address                         remote_address                        st tx_queue rx_queue tr "
         "tm->when retrnsmt   uid  timeout inode\n"
         "   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 "
         "00:00000000 00000000   104        0 77 1 0 100 0 0 10 0\n"
         "   1: short:1F91 0:0 0A 0:0 0:0 0 104 0 78\n";
  const auto holder = blocking_find_port_holder({asio::ip::address_v6::loopback(), 8080}, proc.path());
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->user, 104U);
  EXPECT_FALSE(holder->pid);
  EXPECT_FALSE(blocking_find_port_holder({asio::ip::address_v6::loopback(), 8081}, proc.path()));
}

TEST(listen_failure, names_the_holder_and_the_flag) {
  asio::io_context loop;
  const tcp::acceptor held{loop, loopback()};
  const config::listen_address address{"127.0.0.1", held.local_endpoint().port()};
  const auto text = blocking_explain_listen_failure(address, "--listen", asio::error::address_in_use);
  EXPECT_EQ(text, "cannot listen on " + address.text() + " (--listen): Address already in use by unit_app (process " +
                      std::to_string(::getpid()) +
                      "); choose another with --listen HOST:PORT, where port 0 is any free one");
  const auto denied = blocking_explain_listen_failure(address, "--admin", asio::error::access_denied);
  EXPECT_EQ(denied, "cannot listen on " + address.text() + " (--admin): Permission denied");
}

}  // namespace
}  // namespace loopscope::app
