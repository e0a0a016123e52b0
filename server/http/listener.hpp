#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <memory>

#include "accept_policy.hpp"
#include "loop_state.hpp"

namespace loopscope::http {

/// Several loops may share one port, each with its own listener; the kernel spreads new connections over them.
enum class port_sharing {
  none,
  first,  ///< Fails where anybody listens, another group too; from then on others may join.
  join,   ///< Fails where no listener of this user shares the port.
};

struct listen_options {
  port_sharing sharing = port_sharing::none;
  int backlog = 1024;
};

/// Accepts connections until told to stop; no failed accept ends it. See accept_policy.hpp.
///
/// Threads: its loop; open() before the loop runs. Lifetime: held by its pending operation.
class listener : public std::enable_shared_from_this<listener> {
 public:
  explicit listener(std::shared_ptr<loop_state> shared);

  /// Binds and listens; port 0 takes a free one. Errors: as the system says, address_in_use for instance.
  error_code open(const tcp::endpoint& at, const listen_options& options);
  tcp::endpoint local_endpoint() const;
  void start();
  /// A connection has closed: goes on if it was at the limit.
  void slot_is_free();
  /// Takes in whoever has connected by now, and nobody else.
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
