// SPDX-License-Identifier: MIT

#include "client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>

#include "server/support/http_url.hpp"

namespace loopscope::http {
namespace {

namespace beast_http = boost::beast::http;
using result = boost::system::result<fetched>;
constexpr auto as_result = asio::as_tuple(use_task);

task<result> get(stream_socket& socket, http_url url) {
  asio::ip::basic_resolver<tcp, executor> resolver(socket.get_executor());
  const auto [resolve_error, found] = co_await resolver.async_resolve(url.host, url.port, as_result);
  if (resolve_error) co_return resolve_error;
  const auto [connect_error, endpoint] = co_await asio::async_connect(socket, found, as_result);
  if (connect_error) co_return connect_error;

  beast_http::request<beast_http::empty_body> asked(verb::get, url.target, 11);
  asked.set(field::host, url.host_header);
  asked.set(field::user_agent, "loopscope");
  asked.set(field::connection, "close");
  const auto [write_error, written] = co_await beast_http::async_write(socket, asked, as_result);
  if (write_error) co_return write_error;

  boost::beast::flat_buffer buffer;
  beast_http::response<beast_http::string_body> answer;
  const auto [read_error, read] = co_await beast_http::async_read(socket, buffer, answer, as_result);
  if (read_error) co_return read_error;
  co_return fetched{answer.result_int(), std::move(answer.body())};
}

}  // namespace

result blocking_get(std::string_view url, std::chrono::milliseconds timeout) {
  auto parsed = parse_http_url(url);
  if (!parsed) return parsed.error();
  asio::io_context loop(1);
  stream_socket socket(loop);
  std::optional<result> outcome;
  asio::co_spawn(loop, get(socket, std::move(*parsed)), [&outcome](const std::exception_ptr& failure, result got) {
    outcome = failure ? result(error_code(asio::error::fault)) : std::move(got);
  });
  loop.run_for(timeout);
  if (!outcome) return error_code(asio::error::timed_out);
  return std::move(*outcome);
}

}  // namespace loopscope::http
