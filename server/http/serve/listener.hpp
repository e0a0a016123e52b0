// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <memory>

#include "accept_policy.hpp"
#include "loop_state.hpp"

namespace loopscope::http {

/// Several loops may share one port, each with its own listener; the kernel spreads new connections over them.
enum class port_sharing {
  none,
  first,  ///< Fails if anybody listens on the port, even another group; afterwards others may join.
  join,   ///< Fails if no listener of this user shares the port.
};

struct listen_options {
  port_sharing sharing = port_sharing::none;
  int backlog = 1024;
};

/// Accepts connections until stop(); no failed accept ends it. See accept_policy.hpp.
///
/// Threads: its loop; open() before the loop runs. Lifetime: held by its pending operation.
class listener : public std::enable_shared_from_this<listener> {
 public:
  explicit listener(std::shared_ptr<loop_state> shared);

  /// Binds and listens; port 0 takes a free one. Errors: the system's, address_in_use for example.
  error_code open(const tcp::endpoint& at, const listen_options& options);
  tcp::endpoint local_endpoint() const;
  void start();
  /// A connection has closed: continues if the listener was at the limit.
  void slot_is_free();
  /// Accepts the connections that are in the accept queue now, and no more.
  void stop();

 private:
  void accept();
  void accept_waiting();
  void on_accept(const error_code& ec, stream_socket&& socket);
  void take(stream_socket&& socket, const tcp::endpoint& peer);
  void retry_later(std::chrono::milliseconds pause);

  std::shared_ptr<loop_state> shared_;
  asio::basic_socket_acceptor<tcp, executor> acceptor_;
  timer retry_;
  accept_backoff backoff_;
  tcp::endpoint peer_;
  bool paused_ = false;
};

}  // namespace loopscope::http
