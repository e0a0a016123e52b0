#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include "connection.hpp"

namespace loopscope::http {

void connection::on_client_left(const error_code& ec) {
  client_left_ = true;
  switch (phase_) {
    case phase::handling:
    case phase::streaming:
      reader_.message().presence_.leave();
      break;
    case phase::writing:
      // A client that has only stopped sending may still read.
      if (ec != asio::error::eof) close();
      break;
    case phase::idle:
    case phase::head:
    case phase::body:
    case phase::lingering:
    case phase::closed:
      close();
      break;
  }
}

void connection::linger() {
  if (client_left_) return close();
  error_code ignored;  // a client that has left is noticed by the read
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  in_.consume(in_.data().size());
  in_.shrink_if_empty();
  account();
  enter(phase::lingering, std::chrono::steady_clock::now());
  read();
}

void connection::end_overdue() {
  switch (phase_) {
    case phase::idle: {
      error_code ec;
      if (socket_.available(ec) > 0) {  // the loop has not come to read it
        enter(phase::idle, std::chrono::steady_clock::now());
      } else {
        close();
      }
      break;
    }
    case phase::head:
    case phase::body:
      if (reader_.where() == request_reader::stage::between) return close();
      shared_->watcher.on_timeout(to_string(phase_));
      refuse_request(408, "The request did not arrive in time.");
      break;
    case phase::handling:
      on_client_left(asio::error::connection_reset);
      break;
    case phase::writing:
      if (const int left = untaken_bytes(); left < untaken_bytes_) {
        untaken_bytes_ = left;
        return enter(phase::writing, std::chrono::steady_clock::now());
      }
      [[fallthrough]];
    case phase::streaming:
      shared_->watcher.on_timeout(to_string(phase_));
      reset();
      break;
    case phase::lingering:
    case phase::closed:
      close();
      break;
  }
}

/// What the kernel holds for the client. Its buffer may be so large that a client which reads all the time frees too
/// little of it for a write to go on.
int connection::untaken_bytes() const noexcept {
  int bytes = 0;
  return ioctl(socket_number_, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

bool connection::unheard_client_left() {
  if (phase_ != phase::handling || reading_ || client_left_) return false;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket_number_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  return info.tcpi_state != TCP_ESTABLISHED;
}

void connection::drain() {
  if (phase_ == phase::streaming) return reader_.message().presence_.leave();
  // A read may have a request already, with its completion still waiting for its turn: what is idle shows after that.
  asio::post(shared_->loop, [self = pointer(this)] {
    error_code ec;
    const bool untouched = self->reader_.where() == request_reader::stage::between && self->in_.empty();
    const bool between = self->phase_ == phase::idle || self->phase_ == phase::head;
    if (between && untouched && self->socket_.available(ec) == 0) self->close();
  });
}

void connection::abort() {
  close();
}

void connection::reset() {
  error_code ignored;  // a reset also frees what the kernel still holds for a client that does not read
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  abort();
}

void connection::leave_books() noexcept {
  shared_->registry.remove(*this);
  shared_->addresses.remove(reader_.message().peer().address());
  shared_->held_bytes -= held_bytes_;
  held_bytes_ = 0;
}

void connection::close() {
  if (phase_ == phase::closed) return;
  const pointer keep(this);
  phase_ = phase::closed;
  client_left_ = true;
  leave_books();
  shared_->watcher.on_connection_closed(socket_number_);
  error_code ignored;
  socket_.close(ignored);
  if (in_request_ && !running_) end_request(observer::client_gone_status);
  if (shared_->on_slot_free) shared_->on_slot_free();
  if (running_) reader_.message().presence_.leave();
}

void connection::fail(const std::exception_ptr& why) {
  shared_->out.clear();  // it is the next client's too
  try {
    std::rethrow_exception(why);
  } catch (const std::exception& failure) {
    shared_->watcher.on_handler_failed(route_name_, failure.what());
  } catch (...) {
    shared_->watcher.on_handler_failed(route_name_, "not a std::exception");
  }
  abort();
}

}  // namespace loopscope::http
