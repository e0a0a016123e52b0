// SPDX-License-Identifier: MIT

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io_loop.hpp"
#include "observers.hpp"
#include "server/admin/endpoints.hpp"
#include "server/config/config.hpp"
#include "server/http/server.hpp"

namespace loopscope::app {

/// Logs a warning if `listen` is not on loopback.
void warn_of_exposed_admin(const config::listen_address& listen, logger& log);

/// The second listener. It has its own loop and thread, so that it responds while the data plane is blocked.
///
/// Threads: the control thread's. Lifetime: the objects that `sources` refers to outlive it.
class admin_plane {
 public:
  admin_plane(admin::sources sources, std::size_t max_connections, logger& log);
  ~admin_plane();

  /// Call it before start().
  http::error_code listen(const config::listen_address& listen, std::vector<std::string> allowed_hosts);
  http::tcp::endpoint local_endpoint() const { return server_.local_endpoint(); }
  /// For what is known only after listen(). Call it before start().
  void describe(pid_t process, nlohmann::ordered_json info);
  void start();

 private:
  admin::sources sources_;
  io_loop loop_;
  writers::io_pool pool_{1};  // reads kernel files for /metrics
  std::shared_ptr<admin::event_feed> feed_;
  admin::event_sampler sampler_;
  http::router router_;
  error_log errors_;
  http::server server_;
};

}  // namespace loopscope::app
