#include "loop_observer.hpp"

namespace loopscope::app {

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
