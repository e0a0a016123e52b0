// SPDX-License-Identifier: MIT

#include "scripted_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace loopscope::probe::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

constexpr const char* ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// With `fields` fields of 100 bytes each.
std::string ok_with_header(std::size_t fields) {
  std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
  for (std::size_t i = 0; i < fields; ++i) text += "X-Field: " + std::string(89, 'x') + "\r\n";
  return text + "\r\nok";
}

std::string bytes_of(manner how) {
  switch (how) {
    case manner::answer:
    case manner::answer_and_read_no_more:
      return ok;
    case manner::answer_and_close:
      return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    case manner::answer_late:
      return "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    case manner::refuse:
      return "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    case manner::nonsense:
      return "220 not a web server\r\n\r\n";
    case manner::large_header:
      return ok_with_header(90);
    case manner::huge_header:
      return ok_with_header(3100);
    case manner::long_field:
      return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: " + std::string(200'000, 'x') + "\r\n\r\nok";
    case manner::head:
      return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    case manner::half_at_second:
    case manner::close_at_second:
      return ok;
    case manner::hold:
    case manner::close:
    case manner::reset:
      return "";
  }
  return "";
}

}  // namespace

scripted_server::scripted_server(manner how, const char* address)
    : how_(how), acceptor_(loop_, {asio::ip::make_address(address), 0}) {
  asio::co_spawn(loop_, accept(acceptor_), asio::detached);
  thread_ = std::thread([this] { loop_.run(); });
}

scripted_server::~scripted_server() {
  loop_.stop();
  thread_.join();
}

tcp::endpoint scripted_server::listen_also_at(const char* address) {
  tcp::acceptor& added = further_acceptors_.emplace_back(loop_, tcp::endpoint{asio::ip::make_address(address), 0});
  auto at = added.local_endpoint();
  asio::co_spawn(loop_, accept(added), asio::detached);
  return at;
}

void scripted_server::stand_still_until(std::latch& open) {
  asio::post(loop_, [&open] { open.wait(); });
}

asio::awaitable<void> scripted_server::accept(tcp::acceptor& from) {
  for (;;) {
    auto [error, socket] = co_await from.async_accept(as_result);
    if (error) co_return;
    ++accepted;
    asio::co_spawn(loop_, serve(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> scripted_server::serve(tcp::socket socket) {
  std::string received;
  int number = 0;
  for (;;) {
    const auto [error, size] =
        co_await asio::async_read_until(socket, asio::dynamic_buffer(received), "\r\n\r\n", as_result);
    if (error) co_return;
    received.erase(0, size);
    ++requests;
    if (++number == 2 && how_ == manner::close_at_second) co_return;
    if (number == 2 && how_ == manner::half_at_second) {
      co_await asio::async_write(socket, asio::buffer(ok, 4), as_result);
      co_return;
    }
    if (how_ == manner::close) co_return;
    if (how_ == manner::reset) {
      socket.set_option(tcp::socket::linger(true, 0));
      socket.close();  // its destructor would take the option back
      co_return;
    }
    const std::string bytes = bytes_of(how_);
    co_await asio::async_write(socket, asio::buffer(bytes), as_result);
    if (how_ == manner::answer_and_close || how_ == manner::nonsense) co_return;
    if (how_ == manner::answer_and_read_no_more) {
      asio::steady_timer never(loop_, asio::steady_timer::time_point::max());
      co_await never.async_wait(as_result);
    }
  }
}

}  // namespace loopscope::probe::test
