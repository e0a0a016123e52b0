// SPDX-License-Identifier: MIT

#include "connection.hpp"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

namespace loopscope::http {

connection::connection(std::shared_ptr<loop_state> shared, stream_socket&& socket, const tcp::endpoint& peer,
                       std::string_view refusal)
    : shared_(std::move(shared)),
      socket_(std::move(socket)),
      peer_(peer),
      fsm_(*shared_, socket_.native_handle(), peer, refusal) {
  shared_->addresses.add(peer_.address());
  shared_->registry.add(*this);
  ++shared_->alive;
}

connection::~connection() {
  if (fsm_.is_open()) unregister();
  if (--shared_->alive == 0 && shared_->on_last_gone) shared_->on_last_gone();
}

void connection::start(std::shared_ptr<loop_state> shared, stream_socket&& socket, const tcp::endpoint& peer,
                       std::string_view refusal) {
  error_code ec;
  socket.non_blocking(true, ec);
  if (ec) return;  // the client has left already
  const pointer self(new connection(std::move(shared), std::move(socket), peer, refusal));
  self->handle([&self] { return self->fsm_.opened(); });
}

template <class Event>
void connection::handle(Event event) {
  try {
    perform(event());
  } catch (const std::exception& failure) {
    perform(fsm_.broken(failure.what()));
  } catch (...) {
    perform(fsm_.broken("not a std::exception"));
  }
}

void connection::perform(action next) {
  for (;;) {
    switch (next) {
      case action::wait:
        return;
      case action::read:
        return read();
      case action::send:
        next = send_now();
        break;
      case action::send_rest:
        return send_rest();
      case action::run_handler:
        next = run(run_handler(pointer(this)));
        break;
      case action::run_stream:
        next = run(run_stream(pointer(this)));
        break;
      case action::yield:
        return asio::post(shared_->loop,
                          [self = pointer(this)] { self->handle([&self] { return self->fsm_.resumed(); }); });
      case action::linger: {
        error_code ignored;  // the read notices a client that has left
        socket_.shutdown(tcp::socket::shutdown_send, ignored);
        return read();
      }
      case action::close:
      case action::reset:
        return close_socket(next == action::reset);
    }
  }
}

connection::action connection::send_now() {
  error_code ec;
  std::size_t bytes = socket_.write_some(asio::buffer(shared_->out), ec);
  if (ec == asio::error::would_block) {
    ec = {};
    bytes = 0;
  }
  return fsm_.sent(bytes, ec.failed());
}

void connection::send_rest() {
  const auto before_each_part = [this](const error_code& failure, std::size_t) -> std::size_t {
    if (failure) return 0;
    fsm_.sending(untaken_bytes());
    return std::numeric_limits<std::size_t>::max();
  };
  asio::async_write(socket_, asio::buffer(fsm_.unsent()), before_each_part,
                    [self = pointer(this)](const error_code& ec, std::size_t) {
                      self->handle([&] { return self->fsm_.written(ec.failed()); });
                    });
}

void connection::read() {
  if (reading_ || fsm_.has_peer_closed() || !fsm_.is_open()) return;
  const auto room = fsm_.input().prepare();
  if (room.empty()) return;
  reading_ = true;
  socket_.async_read_some(
      asio::buffer(room.data(), room.size()), [self = pointer(this)](const error_code& ec, std::size_t bytes) {
        self->reading_ = false;
        self->fsm_.input().commit(bytes);
        if (!self->fsm_.is_open()) return;
        self->handle([&] { return ec ? self->fsm_.peer_closed(ec == asio::error::eof) : self->fsm_.received(bytes); });
      });
}

/// Starts a coroutine of the current request. Returns what follows it if it ends without being suspended, else reads.
template <class Coroutine>
connection::action connection::run(Coroutine coroutine) {
  starting_ = true;
  asio::co_spawn(shared_->loop, std::move(coroutine), [self = pointer(this)](std::exception_ptr failure) {
    if (failure) self->handle([&failure]() -> action { std::rethrow_exception(failure); });
  });
  starting_ = false;
  return std::exchange(inline_action_, std::nullopt).value_or(action::read);
}

template <class Event>
void connection::end_run(Event event) {
  if (starting_) {
    inline_action_ = event();
  } else {
    fsm_.begin_turn();
    handle(event);
  }
}

task<void> connection::run_handler(pointer self) {
  response answer;
  std::optional<std::string> failed;
  try {
    answer = co_await self->fsm_.current_route().handle(self->fsm_.request());
  } catch (const std::exception& failure) {
    failed = failure.what();
  } catch (...) {
    failed = "not a std::exception";
  }
  self->end_run([&] { return failed ? self->fsm_.handler_failed(*failed) : self->fsm_.responded(std::move(answer)); });
}

task<void> connection::run_stream(pointer self) {
  body_stream body(*self);
  error_code outcome;
  try {
    co_await self->fsm_.stream_response().stream(body);
  } catch (const std::exception& failure) {
    self->shared_->watcher.on_handler_failed(self->fsm_.route_name(), failure.what());
    outcome = asio::error::operation_aborted;
  } catch (...) {
    self->shared_->watcher.on_handler_failed(self->fsm_.route_name(), "not a std::exception");
    outcome = asio::error::operation_aborted;
  }
  if (!outcome && self->fsm_.request().http_1_1()) outcome = co_await self->write_piece("0\r\n", {}, "\r\n");
  self->end_run([&] { return self->fsm_.streamed(outcome.failed()); });
}

task<error_code> connection::write_piece(std::string_view before, std::string_view data, std::string_view after) {
  if (!fsm_.is_open()) co_return asio::error::operation_aborted;
  const std::array<asio::const_buffer, 3> pieces = {asio::buffer(before), asio::buffer(data), asio::buffer(after)};
  const auto before_each_part = [this](const error_code& failure, std::size_t) -> std::size_t {
    if (failure) return 0;
    fsm_.sending(0);
    return std::numeric_limits<std::size_t>::max();
  };
  const auto [ec, bytes] = co_await asio::async_write(socket_, pieces, before_each_part, asio::as_tuple(use_task));
  fsm_.piece_written();
  co_return fsm_.is_open() ? ec : error_code(asio::error::operation_aborted);
}

task<error_code> body_stream::write(std::string_view data) {
  if (data.empty()) co_return error_code{};  // an empty chunk would end the body
  if (!connection_.fsm_.request().http_1_1()) co_return co_await connection_.write_piece({}, data, {});
  std::array<char, 18> size;
  auto* end = std::to_chars(size.data(), size.data() + 16, data.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  const std::string_view chunk_header(size.data(), static_cast<std::size_t>(end - size.data()));
  co_return co_await connection_.write_piece(chunk_header, data, "\r\n");
}

std::stop_token body_stream::closing() const {
  return connection_.fsm_.request().client_gone();
}

void connection::expire() {
  handle([this] { return fsm_.expired(has_unread_input(), untaken_bytes()); });
}

void connection::drain() {
  if (fsm_.where() == connection_fsm::state::streaming) return handle([this] { return fsm_.drain(true); });
  // A read may have completed with a request, and its completion may still be queued: look after it.
  asio::post(shared_->loop,
             [self = pointer(this)] { self->handle([&self] { return self->fsm_.drain(self->has_unread_input()); }); });
}

void connection::abort() {
  perform(fsm_.abort());
}

void connection::close_socket(bool with_reset) {
  const pointer keep(this);
  unregister();
  error_code ignored;
  if (with_reset) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
  if (shared_->on_slot_free) shared_->on_slot_free();
  fsm_.disconnected();
}

void connection::unregister() noexcept {
  shared_->registry.remove(*this);
  shared_->addresses.remove(peer_.address());
}

bool connection::has_unread_input() {
  error_code ec;
  return fsm_.is_open() && socket_.available(ec) > 0;
}

/// Bytes that the kernel holds for the client.
std::size_t connection::untaken_bytes() noexcept {
  int bytes = 0;
  return ::ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

bool connection::peer_closed_while_paused() {
  if (fsm_.where() != connection_fsm::state::handling || reading_ || fsm_.has_peer_closed()) return false;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  return info.tcpi_state != TCP_ESTABLISHED;
}

}  // namespace loopscope::http
