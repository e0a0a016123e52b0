#include "connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <exception>

namespace loopscope::probe {
namespace {

namespace http = boost::beast::http;
constexpr auto as_result = asio::as_tuple(use_task);

}  // namespace

connection::connection(const executor& loop, connection_owner& owner, std::uint32_t slot)
    : socket_(loop), owner_(owner), slot_(slot) {}

void connection::open(const tcp::endpoint& to) {
  const auto rethrow = [](const std::exception_ptr& bug) {
    if (bug) std::rethrow_exception(bug);
  };
  asio::co_spawn(socket_.get_executor(), run(shared_from_this(), to), rethrow);
}

void connection::send(std::string_view bytes) {
  const auto written = [self = shared_from_this()](error_code error, std::size_t) {
    if (error) self->end(error);
  };
  asio::async_write(socket_, asio::buffer(bytes), written);
}

void connection::close() {
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
}

task<void> connection::run([[maybe_unused]] std::shared_ptr<connection> self, tcp::endpoint to) {
  const auto [error] = co_await socket_.async_connect(to, as_result);
  if (closed_) co_return;
  if (error) co_return end(error);
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  connected_ = true;
  owner_.on_connected(*this);
  end(co_await read_answers());
}

task<error_code> connection::read_answers() {
  for (;;) {
    http::response_parser<http::string_body> parser;
    parser.body_limit(largest_body_bytes);
    const auto [error, size] = co_await http::async_read(socket_, buffer_, parser, as_result);
    if (error || closed_) co_return error;
    const unsigned status = parser.get().result_int();
    if (status < 200) continue;  // an interim answer; the final one follows
    owner_.on_answer(*this, {status, parser.keep_alive(), std::move(parser.get().body())});
    if (closed_) co_return error;
  }
}

void connection::end(error_code why) {
  if (closed_) return;
  close();
  owner_.on_ended(*this, why, connected_);
}

}  // namespace loopscope::probe
