#include "admin_plane.hpp"

#include <boost/asio/ip/address.hpp>

namespace loopscope::app {

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

void admin_plane::start() {
  server_.start();
  loop_.start();
}

}  // namespace loopscope::app
