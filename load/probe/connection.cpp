// SPDX-License-Identifier: MIT

#include "connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/read.hpp>
#include <exception>

namespace loopscope::probe {
namespace {

namespace http = boost::beast::http;
constexpr auto as_result = asio::as_tuple(use_task);

constexpr std::uint32_t max_response_header_bytes = 300u << 10;
constexpr std::uint64_t max_response_body_bytes = 64u << 20;
/// Between two attempts to connect to a unix socket whose accept queue is full.
constexpr std::chrono::milliseconds full_queue_pause{1};

/// Keeps the status and, if requested, the body. It does not store header fields, so no field is too large for it.
class response_parser final : public http::basic_parser<false> {
 public:
  explicit response_parser(response_format format) : keeps_body_(format.keeps_body) {
    header_limit(max_response_header_bytes);
    body_limit(max_response_body_bytes);
    skip(!format.has_body);
  }

  unsigned status() const { return status_; }
  std::string& body() { return body_; }

 private:
  using string_view = boost::beast::string_view;

  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view, int, error_code&) override { status_ = static_cast<unsigned>(code); }
  void on_field_impl(http::field, string_view, string_view, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view part, error_code&) override { return keep(part); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view part, error_code&) override { return keep(part); }
  void on_finish_impl(error_code&) override {}

  std::size_t keep(string_view part) {
    if (keeps_body_) body_.append(part.data(), part.size());
    return part.size();
  }

  bool keeps_body_;
  unsigned status_ = 0;
  std::string body_;
};

}  // namespace

connection::connection(const executor& loop, connection_owner& owner, std::uint32_t slot, response_format format)
    : socket_(loop), owner_(owner), slot_(slot), format_(format) {}

void connection::open(const endpoint& address) {
  const auto rethrow = [](const std::exception_ptr& bug) {
    if (bug) std::rethrow_exception(bug);
  };
  asio::co_spawn(socket_.get_executor(), run(shared_from_this(), address), rethrow);
}

void connection::send(std::string_view bytes, bool reused) {
  reused_ = reused;
  writing_ = true;
  const auto written = [self = shared_from_this()](error_code error, std::size_t) {
    self->writing_ = false;
    if (!error || self->closed_) return;
    // A response may have arrived before the server broke the connection: the read continues to its end.
    self->write_error_ = error;
    error_code ignored;
    self->socket_.shutdown(asio::socket_base::shutdown_both, ignored);
  };
  asio::async_write(socket_, asio::buffer(bytes), written);
}

void connection::close() {
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
}

task<void> connection::run([[maybe_unused]] std::shared_ptr<connection> self, endpoint address) {
  const error_code error = co_await connect(address);
  if (closed_) co_return;
  if (error) co_return end(error);
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  connected_ = true;
  owner_.on_connected(*this);
  const error_code read_error = co_await read_responses();
  end(write_error_ ? write_error_ : read_error);
}

task<error_code> connection::connect(const endpoint& address) {
  for (;;) {
    const auto [error] = co_await socket_.async_connect(address, as_result);
    if (error || closed_ || address.protocol().family() != AF_UNIX) co_return error;
    // A unix socket whose accept queue is full returns EAGAIN, which Asio takes for a connection in progress.
    error_code unconnected;
    socket_.remote_endpoint(unconnected);
    if (!unconnected) co_return error;
    socket_.close(unconnected);
    timer pause(socket_.get_executor(), full_queue_pause);
    co_await pause.async_wait(as_result);
    if (closed_) co_return error_code{};
  }
}

task<error_code> connection::read_responses() {
  bool interim = false;
  for (;;) {
    response_parser parser(format_);
    const auto [error, size] = co_await http::async_read(socket_, buffer_, parser, as_result);
    response_began_ = interim || parser.got_some() || buffer_.size() > 0;
    if (error || closed_) co_return error;
    interim = parser.status() < 200;
    if (interim) continue;  // the final response follows
    // After a response that came before the whole request was sent, the rest of the request would precede the next one.
    owner_.on_response(*this, {parser.status(), parser.keep_alive() && !writing_, std::move(parser.body())});
    if (closed_) co_return error;
  }
}

void connection::end(error_code error) {
  if (closed_) return;
  close();
  owner_.on_ended(*this, error, connected_);
}

}  // namespace loopscope::probe
