#pragma once

#include <memory>
#include <string>
#include <vector>

#include "error_log.hpp"
#include "io_loop.hpp"
#include "server/admin/endpoints.hpp"
#include "server/cli/config.hpp"
#include "server/http/server.hpp"

namespace loopscope::app {

/// The second listener, on a loop and thread of its own: it answers while the data plane is blocked.
///
/// Threads: the control thread's. Lifetime: what `of` refers to outlives it.
class admin_plane {
 public:
  admin_plane(admin::sources of, logger& log);
  ~admin_plane();

  /// Before start().
  http::error_code listen(const cli::listen_address& at, std::vector<std::string> allowed_hosts);
  http::tcp::endpoint local_endpoint() const { return server_.local_endpoint(); }
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
