// SPDX-License-Identifier: MIT

#include "listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "connection.hpp"

namespace loopscope::http {
namespace {

error_code share_port(int socket) {
  const int on = 1;
  error_code ec;
  if (::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    ec.assign(errno, boost::system::system_category());
  return ec;
}

}  // namespace

listener::listener(std::shared_ptr<loop_state> shared)
    : shared_(std::move(shared)), acceptor_(shared_->loop), retry_(shared_->loop) {}

error_code listener::open(const tcp::endpoint& at, const listen_options& options) {
  error_code ec;
  acceptor_.open(at.protocol(), ec);
  // A program that this one starts must not keep the port.
  if (!ec) ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
  if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor_.set_option(tcp::no_delay(true), ec);  // the connections inherit it
  if (!ec && options.sharing == port_sharing::join) ec = share_port(acceptor_.native_handle());
  if (!ec) acceptor_.bind(at, ec);
  if (!ec) acceptor_.listen(options.backlog, ec);
  // Not before listen(): it would let the listener share the port with one of another process.
  if (!ec && options.sharing == port_sharing::first) ec = share_port(acceptor_.native_handle());
  if (ec) {
    error_code ignored;
    acceptor_.close(ignored);
  }
  return ec;
}

tcp::endpoint listener::local_endpoint() const {
  error_code ec;
  return acceptor_.local_endpoint(ec);
}

void listener::start() {
  accept();
}

void listener::accept() {
  if (!acceptor_.is_open()) return;
  if (decide_accept(shared_->registry.open(), shared_->bounds.max_connections) == accept_decision::pause) {
    paused_ = true;
    return;
  }
  acceptor_.async_accept(peer_, [self = shared_from_this()](const error_code& ec, stream_socket&& socket) {
    self->on_accept(ec, std::move(socket));
  });
}

void listener::on_accept(const error_code& ec, stream_socket&& socket) {
  if (ec) {
    if (!acceptor_.is_open()) return;
    const bool pauses = recover_from(ec) == accept_recovery::back_off;
    shared_->watcher.on_accept_error(ec, pauses);
    if (pauses) return retry_later(backoff_.next());
  } else {
    backoff_.reset();
    take(std::move(socket), peer_);  // even if the listener is stopped: the client may have sent a request
  }
  accept();
}

void listener::take(stream_socket&& socket, const tcp::endpoint& peer) {
  const auto& bounds = shared_->bounds;
  std::string_view refused;
  switch (decide_accept_from(shared_->addresses.of(peer.address()), bounds.max_connections_per_address)) {
    case address_decision::drop:
      return;
    case address_decision::refuse:
      refused = "This address has as many connections as the server offers to one.";
      break;
    case address_decision::serve:
      break;
  }
  if (decide_accept(shared_->registry.open(), bounds.max_connections) != accept_decision::serve) {
    refused = "The server has no connection left to offer.";
  }
  if (shared_->held_bytes >= bounds.max_connection_bytes) refused = "The server has no memory left to offer.";
  connection::start(shared_, std::move(socket), peer, refused);
}

void listener::retry_later(std::chrono::milliseconds pause) {
  retry_.expires_after(pause);
  retry_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (!ec) self->accept();
  });
}

void listener::slot_is_free() {
  if (!paused_) return;
  paused_ = false;
  accept();
}

void listener::accept_waiting() {
  error_code ec;
  acceptor_.non_blocking(true, ec);
  while (!ec && decide_accept(shared_->registry.open(), shared_->bounds.max_connections) == accept_decision::serve) {
    stream_socket socket{shared_->loop};
    tcp::endpoint peer;
    acceptor_.accept(socket, peer, ec);
    if (!ec) take(std::move(socket), peer);
  }
}

void listener::stop() {
  // Connections in the accept queue may carry a request; closing the listener now would reset them.
  if (acceptor_.is_open()) accept_waiting();
  error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
}

}  // namespace loopscope::http
