// SPDX-License-Identifier: MIT

#pragma once

#include "logger.hpp"
#include "server/http/observer.hpp"
#include "server/metrics/request_counters.hpp"
#include "server/monitor/loop_watch.hpp"

namespace loopscope::app {

/// Logs the errors of a server's connections.
///
/// Threads: the loop's. Lifetime: outlives the server; the log outlives it.
class error_log : public http::observer {
 public:
  explicit error_log(logger& log) : log_(log) {}

  void on_protocol_error(unsigned status, std::string_view detail) noexcept override;
  void on_handler_failed(std::string_view route, std::string_view what) noexcept override;
  void on_timeout(std::string_view phase) noexcept override;
  void on_accept_error(const http::error_code& error, bool pauses) noexcept override;

 private:
  logger& log_;
};

/// Connects one loop's server with its monitor (requests that a stall delayed), its counters (responses) and the log
/// (errors).
///
/// Threads: the loop's. Lifetime: outlives the server; its constructor's arguments outlive it.
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
