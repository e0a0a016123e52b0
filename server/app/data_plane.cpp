// SPDX-License-Identifier: MIT

#include "data_plane.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include "observers.hpp"
#include "server/monitor/loop_monitor.hpp"
#include "server/routes/routes.hpp"
#include "stall_advice.hpp"
#include "writers/file/uring_file.hpp"
#include "writers/system/thread.hpp"

namespace loopscope::app {
namespace {

constexpr std::size_t spare_activities = 64;

monitor::options watch_options(const std::string& name, const config::serve_config& config, logger& log) {
  monitor::options options;
  options.name = name;
  options.stall_threshold = std::chrono::ceil<std::chrono::milliseconds>(config.stall_threshold);
  options.source_root = LOOPSCOPE_SOURCE_ROOT;
  options.advise = advise;
  // Only writes have activities; a rejected write has one for a moment.
  options.activity_capacity = std::min(options.activity_capacity, config.limits.max_writes + spare_activities);
  options.on_stall = [&log](const monitor::stall_record& stall) { log.warn(stall.sentence, {{"stall", stall.id}}); };
  return options;
}

}  // namespace

struct data_plane::part {
  part(const std::string& name, const config::serve_config& config, runs::run_service& service,
       metrics::service_metrics& metrics, logger& log)
      : loop(name),
        watch(loop.context(), watch_options(name, config, log)),
        observer(watch, metrics.add_loop(add_routes(config, service)), log),
        server(loop.context(), router, config.clients, &observer) {}

  void start() {
    loop.start([this] {
      // The watchdog may get its first CPU time when a write blocks the thread already.
      const auto seat = watch.join_thread();
      system::request_short_time_slice();  // as the pool's threads do, so that requests wait less for a CPU
      loop.context().run();
    });
  }

  /// Adds the most frequent route first. Returns the paths.
  std::vector<std::string> add_routes(const config::serve_config& config, runs::run_service& service) {
    routes::add_hello(router);
    routes::add_write(router, service, watch, config.allow_cross_site);
    routes::add_healthz(router);
    routes::add_methods(router, service);
    routes::add_openapi(router, config.limits);
    router.hosts(http::allowed_hosts{http::asio::ip::make_address(config.listen.host), config.allowed_hosts});
    return router.paths();
  }

  http::router router;
  io_loop loop;
  monitor::loop_monitor watch;
  loop_observer observer;
  http::server server;
};

data_plane::data_plane(const config::serve_config& config, runs::run_service& service,
                       metrics::service_metrics& metrics, logger& log) {
  for (std::size_t i = 0; i < config.io_threads; ++i)
    parts_.push_back(std::make_unique<part>("io-" + std::to_string(i), config, service, metrics, log));
  if (!service.back_ends().uring.available) return;
  try {
    for (const auto& each : parts_) writers::set_up_ring(each->loop.context());
  } catch (const boost::system::system_error& failure) {  // a write that needs a ring fails with the same error
    log.warn("no ring for every loop", {{"error", failure.what()}});
  }
}

data_plane::~data_plane() {
  stop();
}

http::error_code data_plane::listen(const config::listen_address& address) {
  http::tcp::endpoint endpoint{http::asio::ip::make_address(address.host), address.port};
  auto sharing = parts_.size() > 1 ? http::port_sharing::first : http::port_sharing::none;
  for (const auto& each : parts_) {
    if (const http::error_code error = each->server.listen(endpoint, {.sharing = sharing})) return error;
    endpoint = local_endpoint();  // the first listener decides port 0
    sharing = http::port_sharing::join;
  }
  return {};
}

http::tcp::endpoint data_plane::local_endpoint() const {
  return parts_.front()->server.local_endpoint();
}

void data_plane::start() {
  for (const auto& each : parts_) {
    each->server.start();
    each->start();
  }
}

void data_plane::drain(boost::asio::any_io_executor executor, std::function<void()> drained) {
  const auto remaining = std::make_shared<std::atomic<std::size_t>>(parts_.size());
  const auto one_is_done = [remaining, executor = std::move(executor), drained = std::move(drained)] {
    if (remaining->fetch_sub(1) == 1) boost::asio::post(executor, drained);
  };
  for (const auto& each : parts_) {
    boost::asio::post(each->loop.context(), [&server = each->server, one_is_done] {
      server.stop_accepting();
      server.drain(one_is_done);
    });
  }
}

void data_plane::stop() {
  for (const auto& each : parts_) each->loop.stop();
}

std::vector<metrics::loop_source> data_plane::loops() const {
  std::vector<metrics::loop_source> all;
  for (const auto& each : parts_) all.push_back({each->loop.name(), metrics::not_owned(each->watch)});
  return all;
}

}  // namespace loopscope::app
