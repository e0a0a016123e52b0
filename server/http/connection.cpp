#include "connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <limits>

#include "problem.hpp"
#include "release.hpp"

namespace loopscope::http {
namespace {

// Room for a body to pass through, and for pipelined requests, beyond the longest header.
constexpr std::size_t read_ahead_bytes = 8 * 1024;
// What a client may still send after its last answer before that becomes its problem.
constexpr std::size_t max_lingered_bytes = 1024 * 1024;
constexpr std::size_t kept_output_bytes = 1024 * 1024;

}  // namespace

connection::connection(std::shared_ptr<loop_state> shared, stream_socket&& socket, const tcp::endpoint& peer,
                       std::string_view refused)
    : shared_(std::move(shared)),
      socket_(std::move(socket)),
      socket_number_(socket_.native_handle()),
      in_(shared_->bounds.max_header_bytes + read_ahead_bytes),
      reader_(shared_->bounds),
      refused_(refused) {
  reader_.message().peer_ = peer;
  shared_->addresses.add(peer.address());
  shared_->registry.add(*this);
  ++shared_->alive;
}

connection::~connection() {
  if (phase_ != phase::closed) leave_books();
  if (--shared_->alive == 0 && shared_->on_last_gone) shared_->on_last_gone();
}

void connection::start(std::shared_ptr<loop_state> shared, stream_socket&& socket, const tcp::endpoint& peer,
                       std::string_view refused) {
  error_code ec;
  socket.set_option(tcp::no_delay(true), ec);
  if (!ec) socket.non_blocking(true, ec);
  if (ec) return;  // the client has left already
  const pointer self(new connection(std::move(shared), std::move(socket), peer, refused));
  self->shared_->watcher.on_connection_opened(self->socket_number_, peer);
  self->enter(phase::head, std::chrono::steady_clock::now());
  self->read();
  self->account();
}

void connection::enter(phase next, time_point now) {
  phase_ = next;
  deadline_.set(deadline_of(next, shared_->bounds, now));
}

/// Brings the loop's count of held bytes up to date. False when this connection has grown and all hold too much.
bool connection::account() {
  if (phase_ == phase::closed) return true;
  const auto held = in_.capacity() + reader_.message().held_bytes() + unsent_.capacity();
  const bool grown = held > held_bytes_;
  shared_->held_bytes += held - held_bytes_;  // unsigned: less is a wrap back
  held_bytes_ = held;
  return !grown || shared_->held_bytes <= shared_->bounds.max_connection_bytes;
}

void connection::read() {
  if (reading_ || client_left_ || phase_ == phase::closed) return;
  const auto room = in_.prepare();
  if (room.empty()) return;
  reading_ = true;
  socket_.async_read_some(
      asio::buffer(room.data(), room.size()),
      [self = pointer(this)](const error_code& ec, std::size_t bytes) { self->on_read(ec, bytes); });
}

void connection::on_read(const error_code& ec, std::size_t bytes) {
  reading_ = false;
  in_.commit(bytes);
  if (phase_ == phase::closed) return;
  guarded([&] {
    if (ec) {
      on_client_left(ec);
    } else {
      on_bytes(bytes);
    }
  });
}

template <class Action>
void connection::guarded(Action action) {
  try {
    action();
  } catch (...) {  // a bug: this client's loss alone
    fail(std::current_exception());
  }
}

void connection::on_bytes(std::size_t bytes) {
  switch (phase_) {
    case phase::idle:
    case phase::head:
    case phase::body:
      advance();
      break;
    case phase::handling:
    case phase::writing:
    case phase::streaming:
      if (account()) read();
      break;
    case phase::lingering:
      in_.consume(in_.data().size());
      lingered_bytes_ += bytes;
      if (lingered_bytes_ > max_lingered_bytes) {
        close();
      } else {
        read();
      }
      break;
    case phase::closed:
      break;
  }
}

void connection::advance() {
  for (std::size_t answered = 0;;) {
    switch (reader_.next(in_)) {
      case request_reader::outcome::need_more:
        if (flush(after_flush::advance)) wait_for_input();
        return;
      case request_reader::outcome::send_continue:
        shared_->out.append("HTTP/1.1 100 Continue\r\n\r\n");
        break;
      case request_reader::outcome::refused:
        refuse_request(reader_.reason().status, reader_.reason().detail);
        return;
      case request_reader::outcome::ready:
        if (!serve()) return;
        if (++answered >= shared_->bounds.max_pipelined && !in_.empty()) return let_others_go_first();
        break;
    }
  }
}

void connection::let_others_go_first() {
  if (!flush(after_flush::advance)) return;
  asio::post(shared_->loop, [self = pointer(this)] {
    // What was read meanwhile may have taken the matter in hand.
    if (self->phase_ == phase::idle) self->guarded([&self] { self->advance(); });
  });
}

void connection::wait_for_input() {
  if (client_left_) return close();
  switch (reader_.where()) {
    case request_reader::stage::between:
      if (shared_->draining) return linger();
      in_.shrink_if_empty();
      // Before its first request a connection has the header's time, not an idle connection's.
      if (requests_ > 0) enter(phase::idle, last_activity_);
      break;
    case request_reader::stage::head:
      if (phase_ == phase::idle || phase_ == phase::writing) enter(phase::head, std::chrono::steady_clock::now());
      break;
    case request_reader::stage::body:
      if (phase_ != phase::body) enter(phase::body, std::chrono::steady_clock::now());
      break;
    case request_reader::stage::ready:
      break;
  }
  if (!account()) {
    if (reader_.where() == request_reader::stage::between) return linger();
    return refuse_request(503, "The server has no memory left for this request. Try again later.");
  }
  read();
}

void connection::refuse_request(unsigned status, std::string_view detail) {
  shared_->watcher.on_protocol_error(status, detail);
  problem what{.status = status, .detail = std::string(detail)};
  if (const auto& wrong = reader_.refused_parameter()) what = not_allowed(*wrong, "percent-encoded text");
  keep_alive_ = false;
  auto answer = to_response(what);
  if (status == 503) answer.headers.emplace_back("Retry-After", "1");
  append_answer(shared_->out, answer,
                {.date = shared_->date.now(), .keep_alive = false, .without_body = reader_.asks_for_head()});
  if (flush(after_flush::linger)) linger();
}

bool connection::flush(after_flush then) {
  auto& out = shared_->out;
  if (out.empty()) return true;
  error_code ec;
  auto sent = socket_.write_some(asio::buffer(out), ec);
  if (ec == asio::error::would_block) {
    ec = {};
    sent = 0;
  }
  const bool all_sent = !ec && sent == out.size();
  if (!ec && !all_sent) unsent_.assign(out, sent);
  out.clear();
  if (out.capacity() > kept_output_bytes) release(out);
  if (ec) close();
  if (ec || all_sent) return all_sent;

  after_flush_ = then;
  send_unsent();
  return false;
}

void connection::send_unsent() {
  if (!account()) return reset();
  phase_ = phase::writing;
  asio::async_write(
      socket_, asio::buffer(unsent_), [this](const error_code& failure, std::size_t) { return may_send(failure); },
      [self = pointer(this)](const error_code& failure, std::size_t) { self->on_flushed(failure); });
}

/// Asked before each part of a write: the client has taken one, so it has its time anew for the next.
std::size_t connection::may_send(const error_code& failure) {
  if (failure) return 0;
  if (phase_ == phase::writing) untaken_bytes_ = untaken_bytes();
  deadline_.set(deadline_of(phase::writing, shared_->bounds, std::chrono::steady_clock::now()));
  return std::numeric_limits<std::size_t>::max();
}

void connection::on_flushed(const error_code& ec) {
  release(unsent_);
  account();
  if (phase_ == phase::closed) return;
  if (ec) return close();
  last_activity_ = std::chrono::steady_clock::now();
  guarded([this] { continue_after(after_flush_); });
}

void connection::continue_after(after_flush then) {
  switch (then) {
    case after_flush::advance:
      advance();
      break;
    case after_flush::run_handler:
      if (run_handler()) advance();
      break;
    case after_flush::stream:
      start_stream();
      break;
    case after_flush::linger:
      linger();
      break;
  }
}

void connection::expire() {
  guarded([this] { end_overdue(); });
}

}  // namespace loopscope::http
