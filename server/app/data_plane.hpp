#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io_loop.hpp"
#include "server/cli/config.hpp"
#include "server/http/server.hpp"
#include "server/log/logger.hpp"
#include "server/metrics/service_metrics.hpp"
#include "server/runs/run_service.hpp"

namespace loopscope::app {

/// The I/O threads under test: N loops that share one port, each with its own server.
///
/// Threads: the control thread's. Lifetime: runs end before it is destroyed or the process leaves.
class data_plane {
 public:
  data_plane(const cli::serve_config& config, runs::run_service& service, metrics::service_metrics& metrics,
             logger& log);
  ~data_plane();

  /// Binds every loop's listener. Nothing runs yet.
  http::error_code listen(const cli::listen_address& at);
  boost::asio::ip::tcp::endpoint local_endpoint() const;
  void start();
  /// Stops accepting, lets every loop finish what is in flight, then posts `drained` to `on`. A blocked loop takes
  /// part when it is free again.
  void drain(boost::asio::any_io_executor on, std::function<void()> drained);
  void stop();

  /// The loops with their monitors, io-0 first. Lifetime: the data plane's.
  std::vector<metrics::loop_source> loops() const;
  /// Every route's name in metrics, the most frequent first.
  static std::vector<std::string> route_names();

 private:
  struct part;
  std::vector<std::unique_ptr<part>> parts_;
};

}  // namespace loopscope::app
