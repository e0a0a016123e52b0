#pragma once

#include <chrono>
#include <string_view>

#include "request.hpp"
#include "types.hpp"

namespace loopscope::http {

/// What the composition wants to know of a server: metrics, the monitor's blame and the log are joined here.
///
/// Threads: called on the server's loop. Lifetime: outlives the server and its loop. Nothing may throw, and
/// nothing may call back into the server.
class observer {
 public:
  /// Of requests that match no route.
  static constexpr std::string_view other_route = "other";
  /// The status reported when the client left before it was answered.
  static constexpr unsigned client_gone_status = 499;

  virtual ~observer() = default;
  virtual void on_connection_opened(int /*socket*/, const tcp::endpoint& /*peer*/) noexcept {}
  virtual void on_connection_closed(int /*socket*/) noexcept {}
  /// A complete request is about to be served. `route` is the route's path, not the client's.
  virtual void on_request_begin(int /*socket*/, const request&, std::string_view /*route*/) noexcept {}
  /// Its answer is ready to be sent, or its streaming body has ended. Always follows on_request_begin().
  virtual void on_request_end(const request&, std::string_view /*route*/, unsigned /*status*/,
                              std::chrono::nanoseconds /*took*/) noexcept {}
  /// A request that could not be read, or was not finished in time, was answered with `status`.
  virtual void on_protocol_error(unsigned /*status*/, std::string_view /*detail*/) noexcept {}
  /// A handler threw; the client has got a 500 without `what`.
  virtual void on_handler_failed(std::string_view /*route*/, std::string_view /*what*/) noexcept {}
  /// A connection was ended by a deadline.
  virtual void on_timeout(std::string_view /*phase*/) noexcept {}
  /// The listener goes on, at once or after a pause.
  virtual void on_accept_error(const error_code&, bool /*pauses*/) noexcept {}
};

}  // namespace loopscope::http
