// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "../limits.hpp"
#include "../observer.hpp"
#include "../parse/input_buffer.hpp"
#include "../parse/request_reader.hpp"
#include "../response.hpp"
#include "../router.hpp"
#include "deadlines.hpp"

namespace loopscope::http {

/// What the state machines of one loop share. One thread, so nothing is locked.
struct fsm_context {
  const router& routes;
  limits bounds;
  observer& watcher;
  date_cache date{};
  /// Responses are serialised here and sent from here; a connection copies only what the kernel does not accept.
  std::string out{};
  /// Memory that the connections hold together, for limits::max_connection_bytes.
  std::size_t held_bytes = 0;
  bool draining = false;
  time_point (*now)() noexcept = &std::chrono::steady_clock::now;  ///< tests inject their own
};

/// One HTTP/1.1 connection as a state machine: events in, actions out. It reads no socket and no clock of its own.
///
/// The shell (connection) calls a member function for each event and carries out the action that it returns. Buffered
/// requests are answered before anything is sent, so that pipelined responses leave in one write; a request that runs a
/// handler is not, because the handler may block.
///
/// | state          | waits for               | time-out  | peer closes its side       | drain                    |
/// |----------------|-------------------------|-----------|----------------------------|--------------------------|
/// | idle           | a request               | idle      | close                      | close, if nothing unread |
/// | head           | the rest of a header    | header    | close                      | finish this request      |
/// | body           | the rest of a body      | body      | close                      | finish this request      |
/// | handling       | the handler             | none      | client_gone(), respond     | finish this request      |
/// | writing        | the peer to read        | write     | go on (reset: close)       | finish, then linger      |
/// | before_handler | the peer to read        | write     | go on (reset: close)       | finish this request      |
/// | before_stream  | the peer to read        | write     | go on (reset: close)       | finish this request      |
/// | streaming      | the body function       | per piece | client_gone()              | client_gone()            |
/// | before_linger  | the peer to read        | write     | go on (reset: close)       | finish, then linger      |
/// | yielding       | other connections' turn | none      | go on                      | finish, then linger      |
/// | lingering      | the peer to close       | linger    | close                      | stay                     |
/// | abandoned      | the handler, which has no client any more |   |                    |                          |
/// | closed         | nothing                 |           |                            |                          |
///
/// From writing on, each before_ state says what follows once the kernel has accepted all bytes: writing: the next
/// request; before_handler: the handler of the current one; before_stream: its body function; before_linger: the end. A
/// peer that has asked for the end, and has sent nothing behind its request, is not lingered for.
///
/// Threads: one. Lifetime: the context outlives it; so does a handler's view of request().
/// Source: RFC 9112, sections 9.3 to 9.6.
class connection_fsm {
 public:
  enum class state {
    idle,
    head,
    body,
    handling,
    writing,
    before_handler,
    before_stream,
    streaming,
    before_linger,
    yielding,
    lingering,
    abandoned,
    closed
  };

  /// What the shell does next.
  enum class action {
    wait,         ///< nothing: an operation is pending
    read,         ///< start a read into input(), if none is pending
    send,         ///< write context.out without blocking, then call sent()
    send_rest,    ///< write unsent(), however long it takes, then call written()
    run_handler,  ///< start current_route()'s handler with request(), then read; at its end: responded() or failed()
    run_stream,   ///< start the body function of stream_response(), then read; at its end: streamed()
    yield,        ///< call resumed() after other connections had their turn
    linger,       ///< shut the sending side down, then read until the peer closes
    close,        ///< close the socket, then call disconnected()
    reset,        ///< the same with a reset, which frees what the kernel holds for a peer that does not read
  };

  /// `socket`: a number for the observer. `refusal`: a literal; unless it is empty, the first request gets 503 with
  /// this detail.
  connection_fsm(fsm_context& context, int socket, const tcp::endpoint& peer, std::string_view refusal);
  ~connection_fsm();
  connection_fsm(const connection_fsm&) = delete;
  connection_fsm& operator=(const connection_fsm&) = delete;

  // Events. responded(), handler_failed() and streamed() may come before the function that run_handler or run_stream
  // asked for has been suspended; if they come later, begin_turn() comes first.
  action opened();
  /// input() has `bytes` more.
  action received(std::size_t bytes);
  /// The peer has closed its side (`in_order`) or the connection is broken.
  action peer_closed(bool in_order);
  /// action::send has written this much of context.out, or failed.
  action sent(std::size_t bytes, bool failed);
  /// Called before each part of a pending write: the peer has taken one, so its time-out starts anew.
  void sending(std::size_t untaken_bytes);
  /// The pending write of action::send_rest has ended.
  action written(bool failed);
  action responded(response response);
  /// The handler has thrown.
  action handler_failed(std::string_view what);
  /// A piece of a streamed body has been written; until the next one there is no time-out.
  void piece_written() { deadline_.set(time_point::max()); }
  action streamed(bool failed);
  action resumed();
  /// Other connections have had their turn, so that max_pipelined counts anew.
  void begin_turn() noexcept { answered_in_turn_ = 0; }
  /// The deadline has passed. `unread`: the kernel has input that was not read yet. `untaken_bytes`: what it holds for
  /// the peer.
  action expired(bool unread, std::size_t untaken_bytes);
  /// The server shuts down (context.draining is set). `unread` as above.
  action drain(bool unread);
  action abort();
  /// Something threw that must not: a bug, and the loss of this client alone.
  action broken(std::string_view what);
  /// The socket is closed.
  void disconnected();

  state where() const noexcept { return state_; }
  bool is_open() const noexcept { return state_ != state::closed && state_ != state::abandoned; }
  bool overdue(time_point now) noexcept { return deadline_.expired(now); }
  bool has_peer_closed() const noexcept { return peer_closed_; }
  input_buffer& input() noexcept { return in_; }
  const std::string& unsent() const noexcept { return unsent_; }
  const http::request& request() const noexcept { return reader_.message(); }
  const route& current_route() const noexcept { return *route_; }
  std::string_view route_name() const noexcept { return route_name_; }
  const response& stream_response() const noexcept { return response_; }

 private:
  action next_turn();
  action advance();
  action serve();
  action start_handler();
  action start_stream();
  action send_response();
  /// What follows a response: nullopt is the next request.
  std::optional<action> finish_response();
  action wait_for_input();
  action refuse_request(unsigned status, std::string_view detail);
  action flush(state then);
  action continue_after(state flushed);
  action linger();
  action close(action how = action::close);
  void enter(state next);
  void begin_request();
  void end_request(unsigned status);
  bool may_keep_alive() const noexcept;
  answer_context describe_response();
  bool account();
  time_point deadline_of(state which, time_point start) const;
  unsigned final_status() const noexcept;

  fsm_context& context_;
  int socket_;
  input_buffer in_;
  request_reader reader_;
  deadline deadline_;
  state state_ = state::head;
  std::string_view refusal_;
  bool peer_closed_ = false;      // no more input will come
  bool keep_alive_ = true;        // of the current request
  bool peer_will_close_ = false;  // the current request says so
  std::size_t requests_ = 0;
  std::size_t answered_in_turn_ = 0;
  std::size_t lingered_bytes_ = 0;
  std::size_t untaken_bytes_ = 0;
  std::size_t held_bytes_ = 0;  // this connection's part of fsm_context::held_bytes
  std::string unsent_;
  const route* route_ = nullptr;
  std::string_view route_name_ = observer::other_route;
  time_point began_{};
  time_point last_activity_{};
  response response_;
};

}  // namespace loopscope::http
