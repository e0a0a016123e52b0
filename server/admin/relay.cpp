// SPDX-License-Identifier: MIT

#include "relay.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <sstream>
#include <stop_token>

#include "server/http/problem.hpp"

namespace loopscope::admin {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using http::tcp;

constexpr auto as_result = asio::as_tuple(http::use_task);
constexpr std::chrono::minutes time_limit{10};
constexpr std::size_t max_response_bytes = 256 * 1024;

tcp::endpoint reachable(tcp::endpoint data) {
  if (!data.address().is_unspecified()) return data;
  if (data.address().is_v4()) return {asio::ip::address_v4::loopback(), data.port()};
  return {asio::ip::address_v6::loopback(), data.port()};
}

std::string host_header(const tcp::endpoint& address) {
  std::ostringstream text;
  text << address;
  return text.str();
}

/// Whether it can stand in a request line as it is.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

http::response failure(unsigned status, std::string detail) {
  return http::to_response({.status = status, .detail = std::move(detail)});
}

}  // namespace

struct relay::target {
  tcp::endpoint address;
  std::string host;
  std::size_t open = 0;

  class slot {
   public:
    explicit slot(std::shared_ptr<target> of) : of_(std::move(of)) { ++of_->open; }
    ~slot() { --of_->open; }
    slot(const slot&) = delete;
    slot& operator=(const slot&) = delete;

   private:
    std::shared_ptr<target> of_;
  };

  /// The connection of one request.
  struct exchange {
    http::stream_socket socket;
    http::timer time;
    bool is_over_time = false;

    explicit exchange(const http::executor& loop) : socket(loop), time(loop) {}
    void close() {
      http::error_code ignored;
      socket.close(ignored);
      time.cancel();
    }
  };

  static http::task<http::response> pass_on(std::shared_ptr<target> to, const http::request& request,
                                            std::string path) {
    if (to->open >= max_open)
      co_return failure(503, "The relay passes on as many requests as it may.").with("Retry-After", "1");
    if (!is_plain(request.raw_query())) co_return failure(400, "The query has characters that must be encoded.");
    const slot taken{to};
    const http::executor loop = co_await asio::this_coro::executor;
    const auto open = std::make_shared<exchange>(loop);
    open->time.expires_after(time_limit);
    open->time.async_wait([open](const http::error_code& cancelled) {
      if (cancelled) return;
      open->is_over_time = true;
      open->close();
    });
    const std::stop_callback gone{request.client_gone(), [open] { open->close(); }};
    auto result = co_await exchange_with(*to, *open, request, std::move(path));
    const bool late = open->is_over_time;
    open->close();
    if (!result) {
      const std::string at = "The data plane at " + to->host;
      co_return late ? failure(504, at + " has not responded for 10 minutes.")
                     : failure(502, at + " does not respond: " + result.error().message() + ".");
    }
    co_return std::move(*result);
  }

  static http::task<boost::system::result<http::response>> exchange_with(const target& to, exchange& open,
                                                                         const http::request& request,
                                                                         std::string path) {
    if (!request.raw_query().empty()) path.append("?").append(request.raw_query());
    const auto [connect_error] = co_await open.socket.async_connect(to.address, as_result);
    if (connect_error) co_return connect_error;

    // The server leaves out the body of a response to HEAD.
    const auto method = request.method() == http::verb::head ? http::verb::get : request.method();
    beast_http::request<beast_http::empty_body> passed{method, path, 11};
    passed.set(http::field::host, to.host);
    passed.set(http::field::connection, "close");
    if (const auto site = request.find("Sec-Fetch-Site")) passed.set("Sec-Fetch-Site", {site->data(), site->size()});
    if (method == http::verb::post) passed.content_length(0);
    const auto [write_error, written] = co_await beast_http::async_write(open.socket, passed, as_result);
    if (write_error) co_return write_error;

    boost::beast::flat_buffer buffer;
    beast_http::response_parser<beast_http::string_body> answer;
    answer.body_limit(max_response_bytes);
    const auto [read_error, read] = co_await beast_http::async_read(open.socket, buffer, answer, as_result);
    if (read_error) co_return read_error;

    http::response response;
    response.status = answer.get().result_int();
    response.content_type = answer.get()[http::field::content_type];
    response.headers.emplace_back("Cache-Control", "no-store");
    if (const auto after = answer.get()[http::field::retry_after]; !after.empty())
      response.headers.emplace_back("Retry-After", after);
    response.body = std::move(answer.get().body());
    co_return response;
  }
};

relay::relay(const tcp::endpoint& data) : target_(std::make_shared<target>()) {
  target_->address = reachable(data);
  target_->host = host_header(target_->address);
}

http::handler relay::handler(std::string path) const {
  return [to = target_, path = std::move(path)](const http::request& request) {
    return target::pass_on(to, request, path);
  };
}

}  // namespace loopscope::admin
