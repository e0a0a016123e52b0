// SPDX-License-Identifier: MIT

#include "admin_plane.hpp"

#include <boost/asio/ip/address.hpp>

namespace loopscope::app {

void warn_of_exposed_admin(const config::listen_address& listen, logger& log) {
  if (config::is_loopback(listen)) return;
  log.warn(
      "the admin plane is not on loopback: every client that reaches it may read stacks, paths and the configuration",
      {{"admin", listen.text()}});
}

admin_plane::admin_plane(admin::sources sources, std::size_t max_connections, logger& log)
    : sources_(std::move(sources)),
      loop_("admin"),
      feed_(std::make_shared<admin::event_feed>(loop_.context().get_executor())),
      sampler_(sources_, feed_),
      errors_(log),
      server_(loop_.context(), router_, {.max_connections = max_connections}, &errors_) {
  admin::add_routes(router_, sources_, sampler_, feed_, pool_);
}

admin_plane::~admin_plane() {
  loop_.stop();
}

http::error_code admin_plane::listen(const config::listen_address& listen, std::vector<std::string> allowed_hosts) {
  const auto address = http::asio::ip::make_address(listen.host);
  router_.hosts(http::allowed_hosts{address, std::move(allowed_hosts)});
  return server_.listen({address, listen.port});
}

// Nothing reads them yet: the sampler has no subscriber, and the loop does not run.
void admin_plane::describe(pid_t process, nlohmann::ordered_json info) {
  sources_.process = process;
  sources_.info = std::move(info);
}

void admin_plane::start() {
  server_.start();
  loop_.start();
}

}  // namespace loopscope::app
