#include "connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <exception>

namespace loopscope::probe {
namespace {

namespace http = boost::beast::http;
constexpr auto as_result = asio::as_tuple(use_task);

// Between two attempts to connect to a unix socket whose accept queue is full.
constexpr std::chrono::milliseconds full_queue_pause{1};

}  // namespace

connection::connection(const executor& loop, connection_owner& owner, std::uint32_t slot, answer_format format)
    : socket_(loop), owner_(owner), slot_(slot), format_(format) {}

void connection::open(const endpoint& to) {
  const auto rethrow = [](const std::exception_ptr& bug) {
    if (bug) std::rethrow_exception(bug);
  };
  asio::co_spawn(socket_.get_executor(), run(shared_from_this(), to), rethrow);
}

void connection::send(std::string_view bytes, bool reused) {
  reused_ = reused;
  writing_ = true;
  const auto written = [self = shared_from_this()](error_code error, std::size_t) {
    self->writing_ = false;
    if (!error || self->closed_) return;
    // What the server had said before it broke the connection is still to be read; then the read ends.
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

task<void> connection::run([[maybe_unused]] std::shared_ptr<connection> self, endpoint to) {
  const error_code error = co_await connect(to);
  if (closed_) co_return;
  if (error) co_return end(error);
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  connected_ = true;
  owner_.on_connected(*this);
  const error_code read_error = co_await read_answers();
  end(write_error_ ? write_error_ : read_error);
}

task<error_code> connection::connect(const endpoint& to) {
  for (;;) {
    const auto [error] = co_await socket_.async_connect(to, as_result);
    if (error || closed_ || to.protocol().family() != AF_UNIX) co_return error;
    // A unix socket whose accept queue is full answers EAGAIN, which Asio takes for a connection under way.
    error_code unconnected;
    socket_.remote_endpoint(unconnected);
    if (!unconnected) co_return error;
    socket_.close(unconnected);
    timer pause(socket_.get_executor(), full_queue_pause);
    co_await pause.async_wait(as_result);
    if (closed_) co_return error_code{};
  }
}

task<error_code> connection::read_answers() {
  bool interim = false;
  for (;;) {
    answer_parser parser(format_);
    const auto [error, size] = co_await http::async_read(socket_, buffer_, parser, as_result);
    heard_ = interim || parser.got_some() || buffer_.size() > 0;
    if (error || closed_) co_return error;
    interim = parser.status() < 200;
    if (interim) continue;  // the final one follows
    // An answer that came before the whole request was sent leaves a rest that would precede the next one.
    owner_.on_answer(*this, {parser.status(), parser.keep_alive() && !writing_, std::move(parser.body())});
    if (closed_) co_return error;
  }
}

void connection::end(error_code why) {
  if (closed_) return;
  close();
  owner_.on_ended(*this, why, connected_);
}

}  // namespace loopscope::probe
