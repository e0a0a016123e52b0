// SPDX-License-Identifier: MIT

#include "observers.hpp"

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

void loop_observer::on_request_begin(int socket, const http::request&, std::string_view) noexcept {
  const std::uint64_t stall = watch_.stall_to_blame();
  if (stall == 0) return;
  if (const auto waited = monitor::unread_data_age(socket)) watch_.note_delayed(stall, *waited);
}

void loop_observer::on_request_end(const http::request&, std::string_view route, unsigned status,
                                   std::chrono::nanoseconds took) noexcept {
  requests_.count(route, status, took);
}

void loop_observer::on_protocol_error(unsigned status, std::string_view detail) noexcept {
  requests_.count_unreadable(status);
  error_log::on_protocol_error(status, detail);
}

}  // namespace loopscope::app
