// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io_loop.hpp"
#include "logger.hpp"
#include "server/config/config.hpp"
#include "server/http/server.hpp"
#include "server/metrics/loop_source.hpp"
#include "server/metrics/service_metrics.hpp"
#include "server/runs/run_service.hpp"

namespace loopscope::app {

/// The I/O threads under test: N loops that share one port, each with its own server.
///
/// Threads: the control thread's. Lifetime: all runs end before it is destroyed or the process exits.
class data_plane {
 public:
  data_plane(const config::serve_config& config, runs::run_service& service, metrics::service_metrics& metrics,
             logger& log);
  ~data_plane();

  /// Binds the listener of every loop; the loops do not run yet.
  http::error_code listen(const config::listen_address& address);
  boost::asio::ip::tcp::endpoint local_endpoint() const;
  void start();
  /// Stops accepting, lets every loop finish its open requests, then posts `drained` to `executor`. A blocked loop does
  /// so as soon as it is free again.
  void drain(boost::asio::any_io_executor executor, std::function<void()> drained);
  void stop();

  /// The loops with their monitors, io-0 first. Lifetime: the data plane's.
  std::vector<metrics::loop_source> loops() const;

 private:
  struct part;
  std::vector<std::unique_ptr<part>> parts_;
};

}  // namespace loopscope::app
