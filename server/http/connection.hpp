#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "body_stream.hpp"
#include "connection_registry.hpp"
#include "deadlines.hpp"
#include "dispatch.hpp"
#include "input_buffer.hpp"
#include "loop_state.hpp"
#include "request_reader.hpp"

namespace loopscope::http {

/// One client: reads, answers in order, and goes away.
///
/// What is buffered is answered before anything is sent, so that pipelined answers leave in one write; what
/// runs a handler is not, because the handler may block. While a handler is suspended the connection reads
/// ahead, which is how it learns that the client has left.
///
/// Threads: its server's loop. Lifetime: held by its pending operations; ends when none is left.
class connection : public registry_hook, public boost::intrusive_ref_counter<connection, boost::thread_unsafe_counter> {
 public:
  using pointer = boost::intrusive_ptr<connection>;

  /// `refused`: a literal; unless it is empty, the first request is answered with 503 and this detail.
  static void start(std::shared_ptr<loop_state> shared, stream_socket&& socket, const tcp::endpoint& peer,
                    std::string_view refused);
  ~connection();

  bool overdue(time_point now) noexcept { return deadline_.expired(now); }
  /// The client has left while its pipelined requests fill the read-ahead buffer, behind which its leaving
  /// cannot be read.
  bool unheard_client_left();
  void expire();
  const executor& loop() const noexcept { return shared_->loop; }
  /// Finishes what is in hand, then closes.
  void drain();
  /// Closes now; a handler that runs is told through its client_gone().
  void abort();

 private:
  friend class body_stream;
  enum class after_flush { advance, run_handler, stream, linger };

  connection(std::shared_ptr<loop_state> shared, stream_socket&& socket, const tcp::endpoint& peer,
             std::string_view refused);

  // connection.cpp: bytes in and out
  void read();
  void on_read(const error_code& ec, std::size_t bytes);
  void on_bytes(std::size_t bytes);
  void advance();
  void let_others_go_first();
  void wait_for_input();
  void refuse_request(unsigned status, std::string_view detail);
  bool flush(after_flush then);
  void send_unsent();
  std::size_t may_send(const error_code& failure);
  int untaken_bytes() const noexcept;
  void on_flushed(const error_code& ec);
  void continue_after(after_flush then);
  void enter(phase next, time_point now);
  bool account();
  template <class Action>
  void guarded(Action action);

  // connection_end.cpp: how it ends, in order or not
  void on_client_left(const error_code& ec);
  void end_overdue();
  void linger();
  void close();
  void reset();
  void leave_books() noexcept;
  void fail(const std::exception_ptr& why);

  // connection_answer.cpp: one request. The bool says: go on with the next one.
  bool serve();
  bool run_handler();
  static task<void> run(pointer self, const route* serving);
  bool send_answer();
  bool after_answer();
  void begin_request();
  void end_request(unsigned status);
  bool may_keep_alive() const noexcept;
  answer_context context();

  // connection_stream.cpp: a body in pieces
  void start_stream();
  static task<void> run_stream(pointer self);
  task<error_code> write_piece(std::string_view before, std::string_view data, std::string_view after);
  void on_stream_end(const error_code& ec);

  std::shared_ptr<loop_state> shared_;
  stream_socket socket_;
  int socket_number_;
  input_buffer in_;
  request_reader reader_;
  deadline deadline_;
  phase phase_ = phase::head;
  after_flush after_flush_ = after_flush::advance;
  std::string_view refused_;
  bool reading_ = false;
  bool client_left_ = false;
  bool keep_alive_ = true;
  bool in_request_ = false;        // between the observer's begin and end
  bool running_ = false;           // a coroutine works on the request
  bool starting_handler_ = false;  // and has not suspended yet
  std::size_t requests_ = 0;
  std::size_t lingered_bytes_ = 0;
  int untaken_bytes_ = 0;
  std::size_t held_bytes_ = 0;  // this connection's part of loop_state::held_bytes

  std::string unsent_;
  const route* serving_ = nullptr;
  std::string_view route_name_;
  time_point began_{};
  time_point last_activity_{};
  response answer_;
};

}  // namespace loopscope::http
