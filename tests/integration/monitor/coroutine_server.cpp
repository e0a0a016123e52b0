// SPDX-License-Identifier: MIT

// A server of lines: a coroutine for each connection, whose innermost of three blocks.
//
//   coroutine_server [run=counted|plain]

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "arguments.hpp"
#include "blocks.hpp"
#include "lab_api.hpp"

namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using asio::ip::tcp;

asio::awaitable<void> inner(std::string target) {
  co_await asio::post(co_await asio::this_coro::executor, use_awaitable);  // resumed by the loop, not by middle()
  lab::app::run_block(target);
}

asio::awaitable<void> middle(std::string target) {
  co_await inner(std::move(target));
}

asio::awaitable<void> outer(std::string target) {
  co_await middle(std::move(target));
}

asio::awaitable<void> serve(tcp::socket socket) {
  std::string input;
  try {
    for (;;) {
      const auto size = co_await asio::async_read_until(socket, asio::dynamic_buffer(input, 4096), '\n', use_awaitable);
      std::string target = input.substr(0, size - 1);
      input.erase(0, size);
      co_await outer(target);
      co_await asio::async_write(socket, asio::buffer(target += '\n'), use_awaitable);
    }
  } catch (const boost::system::system_error&) {
    // The client has closed the connection.
  }
}

asio::awaitable<void> listen(tcp::acceptor& acceptor) {
  for (;;) {
    auto socket = co_await acceptor.async_accept(use_awaitable);
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool counted = lab::argument(argc, argv, "run", "counted") == "counted";
  asio::io_context io{1};
  tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
  asio::co_spawn(io, listen(acceptor), asio::detached);
  asio::signal_set signals{io, SIGTERM};
  signals.async_wait([&](auto, int) { io.stop(); });

  lab::monitor::loop_monitor monitor{io, lab::settings("coroutines")};
  lab::journal::get().watch([&] { return monitor.recent_stalls(); });
  lab::print_port(acceptor.local_endpoint().port());
  lab::run(counted ? &monitor : nullptr, io);
  lab::finish(monitor);
}
