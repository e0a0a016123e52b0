// SPDX-License-Identifier: MIT

#pragma once

#include <functional>
#include <memory>

#include "body_stream.hpp"
#include "limits.hpp"
#include "observer.hpp"
#include "router.hpp"
#include "serve/listener.hpp"
#include "serve/loop_state.hpp"

namespace loopscope::http {

/// HTTP/1.1 on one io_context that one thread runs. A service with N loops has N of these.
///
///   http::router routes;
///   routes.fixed("/hello", http::response::text("hello\n"));
///   http::server server(loop, routes, limits);
///   if (auto ec = server.listen({address, port})) ...;
///   server.start();
///   loop.run();   // returns after stop_accepting() and drain(), or abort()
///
/// Threads: everything on the loop's thread, or before the loop runs; open_connections() from anywhere.
/// Lifetime: `routes` and `watcher` outlive the io_context, which outlives the server. Destroy the server
/// when the loop does not run.
class server {
 public:
  server(asio::io_context& loop, const router& routes, const limits& bounds = {}, observer* watcher = nullptr);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  error_code listen(const tcp::endpoint& at, const listen_options& options = {});
  tcp::endpoint local_endpoint() const { return listener_->local_endpoint(); }
  void start();

  void stop_accepting();
  /// Closes idle connections at once and the others after their current response (Connection: close), asks streams to
  /// end, then calls `drained`. The caller decides how long that may take: see abort().
  void drain(std::function<void()> drained = {});
  /// Closes all connections. Running handlers are told through client_gone(); drained() is called after the last one.
  void abort();

  std::size_t open_connections() const noexcept { return shared_->registry.open(); }

 private:
  class sweeper;

  std::shared_ptr<loop_state> shared_;
  std::shared_ptr<listener> listener_;
  std::shared_ptr<sweeper> sweeper_;
};

}  // namespace loopscope::http
