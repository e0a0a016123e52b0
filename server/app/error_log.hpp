#pragma once

#include "server/http/observer.hpp"
#include "server/log/logger.hpp"

namespace loopscope::app {

/// What goes wrong on a server's connections, in the log.
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

}  // namespace loopscope::app
