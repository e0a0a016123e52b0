// SPDX-License-Identifier: MIT

#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <memory>
#include <optional>
#include <string_view>

#include "../body_stream.hpp"
#include "connection_fsm.hpp"
#include "loop_state.hpp"

namespace loopscope::http {

/// One client: the socket, and the shell that carries out what connection_fsm decides.
///
/// While a handler is suspended the connection reads ahead, which is how it learns that the client has left.
///
/// Threads: its server's loop. Lifetime: held by its pending operations; ends when none is left.
class connection : public registry_hook, public boost::intrusive_ref_counter<connection, boost::thread_unsafe_counter> {
 public:
  using pointer = boost::intrusive_ptr<connection>;

  /// `refusal`: see connection_fsm.
  static void start(std::shared_ptr<loop_state> shared, stream_socket&& socket, const tcp::endpoint& peer,
                    std::string_view refusal);
  ~connection();

  bool overdue(time_point now) noexcept { return fsm_.overdue(now); }
  /// The client has left while its pipelined requests fill the read-ahead buffer, so that no read can report it.
  bool peer_closed_while_paused();
  void expire();
  const executor& loop() const noexcept { return shared_->loop; }
  /// Finishes the current request, then closes.
  void drain();
  /// Closes now. A running handler is told through its client_gone().
  void abort();

 private:
  friend class body_stream;
  using action = connection_fsm::action;

  connection(std::shared_ptr<loop_state> shared, stream_socket&& socket, const tcp::endpoint& peer,
             std::string_view refusal);

  template <class Event>
  void handle(Event event);
  void perform(action next);
  action send_now();
  void send_rest();
  void read();
  template <class Coroutine>
  action run(Coroutine coroutine);
  template <class Event>
  void end_run(Event event);
  static task<void> run_handler(pointer self);
  static task<void> run_stream(pointer self);
  task<error_code> write_piece(std::string_view before, std::string_view data, std::string_view after);
  void close_socket(bool with_reset);
  void unregister() noexcept;
  bool has_unread_input();
  std::size_t untaken_bytes() noexcept;

  std::shared_ptr<loop_state> shared_;
  stream_socket socket_;
  tcp::endpoint peer_;
  connection_fsm fsm_;
  bool reading_ = false;
  bool starting_ = false;                // a coroutine that has not suspended yet
  std::optional<action> inline_action_;  // and its result, if it ends before it does
};

}  // namespace loopscope::http
