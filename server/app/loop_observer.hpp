#pragma once

#include "error_log.hpp"
#include "server/metrics/request_counters.hpp"
#include "server/monitor/loop_watch.hpp"

namespace loopscope::app {

/// Joins one loop's server with its monitor, its counters and the log: whom a stall delayed, what was answered, what
/// went wrong on connections.
///
/// Threads: the loop's. Lifetime: outlives the server; what it is given outlives it.
class loop_observer final : public error_log {
 public:
  loop_observer(monitor::loop_watch& watch, metrics::request_counters& requests, logger& log)
      : error_log(log), watch_(watch), requests_(requests) {}

  void on_request_begin(int socket, const http::request& request, std::string_view route) noexcept override;
  void on_request_end(const http::request& request, std::string_view route, unsigned status,
                      std::chrono::nanoseconds took) noexcept override;
  void on_protocol_error(unsigned status, std::string_view detail) noexcept override;

 private:
  monitor::loop_watch& watch_;
  metrics::request_counters& requests_;
};

}  // namespace loopscope::app
