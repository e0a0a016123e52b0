// SPDX-License-Identifier: MIT

#include "connection_fsm.hpp"

#include <utility>

#include "../cors.hpp"
#include "../problem.hpp"
#include "../release.hpp"

namespace loopscope::http {
namespace {

// Room for a body to pass through, and for pipelined requests, beyond the longest header.
constexpr std::size_t read_ahead_bytes = 8 * 1024;
// What a peer may still send after its last response before its connection is closed.
constexpr std::size_t max_lingered_bytes = 1024 * 1024;
constexpr std::size_t kept_output_bytes = 1024 * 1024;

response server_full(std::string_view reason) {
  return to_response({.status = 503, .detail = std::string(reason)}).with("Retry-After", "1");
}

response internal_error() {
  return to_response({.status = 500, .detail = "The server failed to answer this request."});
}

}  // namespace

/// time_point::max() for a state without a time-out: a handler may take as long as it needs.
time_point connection_fsm::deadline_of(state which, time_point start) const {
  const limits& bounds = context_.bounds;
  switch (which) {
    case state::idle:
      return start + bounds.idle_timeout;
    case state::head:
      return start + bounds.header_timeout;
    case state::body:
      return start + bounds.body_timeout;
    case state::writing:
    case state::before_handler:
    case state::before_stream:
    case state::before_linger:
      return start + bounds.write_timeout;
    case state::lingering:
      return start + bounds.linger_timeout;
    case state::handling:
    case state::streaming:  // each piece of the body sets its own
    case state::yielding:
    case state::abandoned:
    case state::closed:
      return time_point::max();
  }
  return time_point::max();
}

connection_fsm::connection_fsm(fsm_context& context, int socket, const tcp::endpoint& peer, std::string_view refusal)
    : context_(context),
      socket_(socket),
      in_(context.bounds.max_header_bytes + read_ahead_bytes),
      reader_(context.bounds),
      refusal_(refusal) {
  reader_.message().peer_ = peer;
}

connection_fsm::~connection_fsm() {
  context_.held_bytes -= held_bytes_;
}

connection_fsm::action connection_fsm::opened() {
  enter(state::head);
  account();
  return action::read;
}

void connection_fsm::enter(state next) {
  state_ = next;
  deadline_.set(deadline_of(next, context_.now()));
}

/// Updates the loop's count of held bytes. False: this connection has grown and all of them together hold too much.
bool connection_fsm::account() {
  if (!is_open()) return true;
  const std::size_t held = in_.capacity() + reader_.message().held_bytes() + unsent_.capacity();
  const bool grown = held > held_bytes_;
  context_.held_bytes = context_.held_bytes - held_bytes_ + held;
  held_bytes_ = held;
  return !grown || context_.held_bytes <= context_.bounds.max_connection_bytes;
}

connection_fsm::action connection_fsm::received(std::size_t bytes) {
  switch (state_) {
    case state::idle:
    case state::head:
    case state::body:
      return next_turn();
    case state::handling:
    case state::writing:
    case state::before_handler:
    case state::before_stream:
    case state::streaming:
    case state::before_linger:
      return account() ? action::read : action::wait;
    case state::lingering:
      in_.consume(in_.data().size());
      lingered_bytes_ += bytes;
      return lingered_bytes_ > max_lingered_bytes ? close() : action::read;
    case state::yielding:
    case state::abandoned:
    case state::closed:
      return action::wait;
  }
  return action::wait;
}

connection_fsm::action connection_fsm::next_turn() {
  begin_turn();
  return advance();
}

connection_fsm::action connection_fsm::advance() {
  for (;;) {
    if (answered_in_turn_ >= context_.bounds.max_pipelined && !in_.empty()) return flush(state::yielding);
    switch (reader_.next(in_)) {
      case request_reader::outcome::need_more:
        return context_.out.empty() ? wait_for_input() : flush(state::writing);
      case request_reader::outcome::send_continue:
        context_.out.append("HTTP/1.1 100 Continue\r\n\r\n");
        break;
      case request_reader::outcome::refused:
        return refuse_request(reader_.reason().status, reader_.reason().detail);
      case request_reader::outcome::ready:
        ++answered_in_turn_;
        if (const action next = serve(); next != action::wait) return next;
        break;
    }
  }
}

/// Answers the request that the reader has. action::wait: it is answered, go on with the next one.
connection_fsm::action connection_fsm::serve() {
  ++requests_;
  peer_will_close_ = !reader_.keep_alive();
  keep_alive_ = !peer_will_close_ && refusal_.empty() && requests_ < context_.bounds.max_requests_per_connection;
  if (!refusal_.empty()) {
    route_name_ = observer::other_route;
    begin_request();
    response_ = server_full(refusal_);
    return send_response();
  }
  auto plan = plan_dispatch(context_.routes, reader_.message());
  route_name_ = plan.route_name;
  route_ = plan.serve;
  if (route_ == nullptr) {
    begin_request();
    response_ = std::move(plan.answer);
    return send_response();
  }
  if (route_->fixed) {
    begin_request();
    route_->fixed->append_to(context_.out, describe_response());
    end_request(route_->fixed->status());
    return finish_response().value_or(action::wait);
  }
  // Finished responses must not wait for a handler that may block the loop.
  return context_.out.empty() ? start_handler() : flush(state::before_handler);
}

connection_fsm::action connection_fsm::start_handler() {
  begin_request();
  enter(state::handling);
  account();
  if (peer_closed_) reader_.message().presence_.leave();
  return action::run_handler;
}

connection_fsm::action connection_fsm::responded(response response) {
  if (state_ == state::abandoned) {
    state_ = state::closed;
    end_request(observer::client_gone_status);
    return action::wait;
  }
  response_ = std::move(response);
  const action next = send_response();
  return next == action::wait ? advance() : next;
}

connection_fsm::action connection_fsm::handler_failed(std::string_view what) {
  context_.watcher.on_handler_failed(route_name_, what);
  return responded(internal_error());
}

/// action::wait: the response is in context.out, go on with the next request.
connection_fsm::action connection_fsm::send_response() {
  const answer_context about = describe_response();
  keep_alive_ = about.keep_alive;
  append_answer(context_.out, response_, about);
  if (response_.stream && !about.without_body) return flush(state::before_stream);
  end_request(final_status());
  release(response_);
  return finish_response().value_or(action::wait);
}

std::optional<connection_fsm::action> connection_fsm::finish_response() {
  if (!may_keep_alive()) return flush(state::before_linger);
  if (context_.out.size() >= context_.bounds.max_backlog_bytes) return flush(state::writing);
  return std::nullopt;
}

connection_fsm::action connection_fsm::start_stream() {
  last_activity_ = context_.now();
  enter(state::streaming);
  if (peer_closed_ || context_.draining) reader_.message().presence_.leave();
  return action::run_stream;
}

connection_fsm::action connection_fsm::streamed(bool failed) {
  const bool open = is_open();
  if (!open) state_ = state::closed;
  end_request(final_status());
  release(response_);
  if (!open) return action::wait;
  if (failed) return close();  // a body that ends without its last chunk is known to be incomplete
  return may_keep_alive() ? advance() : linger();
}

/// Sends context.out and then goes on as `then` says.
connection_fsm::action connection_fsm::flush(state then) {
  state_ = then;
  return context_.out.empty() ? continue_after(then) : action::send;
}

connection_fsm::action connection_fsm::sent(std::size_t bytes, bool failed) {
  auto& out = context_.out;
  const bool complete = bytes == out.size();
  if (!failed && !complete) unsent_.assign(out, bytes);
  out.clear();
  if (out.capacity() > kept_output_bytes) release(out);
  if (failed) return close();
  if (complete) return continue_after(state_);
  if (state_ == state::yielding) state_ = state::writing;  // waiting for the peer lets the others have their turn
  return account() ? action::send_rest : close(action::reset);
}

void connection_fsm::sending(std::size_t untaken_bytes) {
  untaken_bytes_ = untaken_bytes;
  deadline_.set(deadline_of(state::writing, context_.now()));
}

connection_fsm::action connection_fsm::written(bool failed) {
  release(unsent_);
  account();
  if (!is_open()) return action::wait;
  if (failed) return close();
  last_activity_ = context_.now();
  begin_turn();
  return continue_after(state_);
}

connection_fsm::action connection_fsm::continue_after(state flushed) {
  switch (flushed) {
    case state::writing:
      state_ = state::idle;
      return advance();
    case state::before_handler:
      return start_handler();
    case state::before_stream:
      return start_stream();
    case state::before_linger:
      return linger();
    case state::yielding:
      deadline_.set(time_point::max());
      return action::yield;
    case state::idle:
    case state::head:
    case state::body:
    case state::handling:
    case state::streaming:
    case state::lingering:
    case state::abandoned:
    case state::closed:
      break;
  }
  return action::wait;
}

connection_fsm::action connection_fsm::resumed() {
  if (state_ != state::yielding) return action::wait;
  state_ = state::idle;
  return next_turn();
}

connection_fsm::action connection_fsm::wait_for_input() {
  if (peer_closed_) return close();
  switch (reader_.where()) {
    case request_reader::stage::between:
      if (context_.draining) return linger();
      in_.shrink_if_empty();
      // Before its first request a connection has the header's time, not an idle connection's.
      if (requests_ > 0) {
        state_ = state::idle;
        deadline_.set(deadline_of(state::idle, last_activity_));
      }
      break;
    case request_reader::stage::head:
      if (state_ != state::head) enter(state::head);
      break;
    case request_reader::stage::body:
      if (state_ != state::body) enter(state::body);
      break;
    case request_reader::stage::ready:
      break;
  }
  if (account()) return action::read;
  if (reader_.where() == request_reader::stage::between) return linger();
  return refuse_request(503, "The server has no memory left for this request. Try again later.");
}

connection_fsm::action connection_fsm::refuse_request(unsigned status, std::string_view detail) {
  context_.watcher.on_protocol_error(status, detail);
  problem what{.status = status, .detail = std::string(detail)};
  if (const auto& wrong = reader_.refused_parameter()) what = not_allowed(*wrong, "percent-encoded text");
  keep_alive_ = false;
  peer_will_close_ = false;  // it may still be sending the rest of what was refused
  auto refused = to_response(what);
  if (status == 503) refused.headers.emplace_back("Retry-After", "1");
  append_answer(context_.out, refused,
                {.date = context_.date.now(), .keep_alive = false, .without_body = reader_.asks_for_head()});
  return flush(state::before_linger);
}

connection_fsm::action connection_fsm::peer_closed(bool in_order) {
  peer_closed_ = true;
  switch (state_) {
    case state::handling:
    case state::streaming:
      reader_.message().presence_.leave();
      return action::wait;
    case state::writing:
    case state::before_handler:
    case state::before_stream:
    case state::before_linger:
      // A peer that has only stopped sending may still read.
      return in_order ? action::wait : close();
    case state::yielding:
      return action::wait;
    case state::idle:
    case state::head:
    case state::body:
    case state::lingering:
      return close();
    case state::abandoned:
    case state::closed:
      break;
  }
  return action::wait;
}

connection_fsm::action connection_fsm::linger() {
  // Whoever has asked for the end of the connection sends nothing more that a reset could answer.
  if (peer_closed_ || (peer_will_close_ && in_.empty())) return close();
  in_.consume(in_.data().size());
  in_.shrink_if_empty();
  account();
  enter(state::lingering);
  return action::linger;
}

connection_fsm::action connection_fsm::expired(bool unread, std::size_t untaken_bytes) {
  switch (state_) {
    case state::idle:
      if (!unread) return close();
      enter(state::idle);  // the loop has not come to read it
      return action::wait;
    case state::head:
    case state::body:
      if (reader_.where() == request_reader::stage::between) return close();
      context_.watcher.on_timeout(state_ == state::head ? "header" : "body");
      return refuse_request(408, "The request did not arrive in time.");
    case state::handling:
      return peer_closed(false);
    case state::writing:
    case state::before_handler:
    case state::before_stream:
    case state::before_linger:
      // The kernel's buffer may be so large that a peer which reads all the time frees too little of it for the write
      // to make progress.
      if (untaken_bytes < untaken_bytes_) {
        sending(untaken_bytes);
        return action::wait;
      }
      context_.watcher.on_timeout("writing");
      return close(action::reset);
    case state::streaming:
      context_.watcher.on_timeout("streaming");
      return close(action::reset);
    case state::lingering:
      return close();
    case state::yielding:
    case state::abandoned:
    case state::closed:
      break;
  }
  return action::wait;
}

connection_fsm::action connection_fsm::drain(bool unread) {
  if (state_ == state::streaming) {
    reader_.message().presence_.leave();
    return action::wait;
  }
  const bool untouched = reader_.where() == request_reader::stage::between && in_.empty();
  const bool between = state_ == state::idle || state_ == state::head;
  return between && untouched && !unread ? close() : action::wait;
}

connection_fsm::action connection_fsm::abort() {
  return close();
}

connection_fsm::action connection_fsm::broken(std::string_view what) {
  context_.out.clear();  // it is the next connection's too
  context_.watcher.on_handler_failed(route_name_, what);
  return close();
}

connection_fsm::action connection_fsm::close(action how) {
  if (!is_open()) return action::wait;
  const bool running = state_ == state::handling || state_ == state::streaming;
  const bool in_request = running || state_ == state::before_stream;
  peer_closed_ = true;
  context_.held_bytes -= std::exchange(held_bytes_, 0);
  deadline_.set(time_point::max());
  state_ = running ? state::abandoned : state::closed;
  if (in_request && !running) end_request(observer::client_gone_status);
  return how;
}

void connection_fsm::disconnected() {
  if (state_ == state::abandoned) reader_.message().presence_.leave();
}

void connection_fsm::begin_request() {
  began_ = context_.now();
  context_.watcher.on_request_begin(socket_, reader_.message(), route_name_);
}

void connection_fsm::end_request(unsigned status) {
  last_activity_ = context_.now();
  context_.watcher.on_request_end(reader_.message(), route_name_, status, last_activity_ - began_);
  reader_.take_next();
  if (is_open()) state_ = state::idle;
}

unsigned connection_fsm::final_status() const noexcept {
  return peer_closed_ ? observer::client_gone_status : response_.status;
}

bool connection_fsm::may_keep_alive() const noexcept {
  return keep_alive_ && !context_.draining && !(peer_closed_ && in_.empty());
}

answer_context connection_fsm::describe_response() {
  const auto& request = reader_.message();
  answer_context about;
  about.date = context_.date.now();
  about.http_1_1 = request.http_1_1();
  // A body without a length or chunks ends with the connection.
  const bool needs_close = response_.stream && !about.http_1_1;
  about.keep_alive = may_keep_alive() && !needs_close;
  about.without_body = request.method() == verb::head;
  if (request.find(field::origin)) {
    about.vary_by_origin = true;
    about.allowed_origin = allowed_origin(request);
  }
  return about;
}

}  // namespace loopscope::http
