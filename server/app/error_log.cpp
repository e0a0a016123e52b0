#include "error_log.hpp"

namespace loopscope::app {

void error_log::on_protocol_error(unsigned status, std::string_view detail) noexcept {
  log_.debug("bad request", {{"status", status}, {"detail", detail}});
}

void error_log::on_handler_failed(std::string_view route, std::string_view what) noexcept {
  log_.error("handler failed", {{"route", route}, {"what", what}});
}

void error_log::on_timeout(std::string_view phase) noexcept {
  log_.debug("connection timed out", {{"in", phase}});
}

void error_log::on_accept_error(const http::error_code& error, bool pauses) noexcept {
  log_.warn("accept failed", {{"error", error.message()}, {"pauses", pauses}});
}

}  // namespace loopscope::app
