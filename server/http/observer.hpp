// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <string_view>

#include "parse/request.hpp"
#include "types.hpp"

namespace loopscope::http {

/// Receives the events of a server. The composition connects metrics, the monitor and the log here.
///
/// Threads: called on the server's loop. Lifetime: outlives the server and its loop. No function may throw or call back
/// into the server.
class observer {
 public:
  /// The route of requests that match none.
  static constexpr std::string_view other_route = "other";
  /// The status reported if the client left before its response.
  static constexpr unsigned client_gone_status = 499;

  virtual ~observer() = default;
  /// A complete request is about to be served. `route` is the route's path, not the client's.
  virtual void on_request_begin(int /*socket*/, const request&, std::string_view /*route*/) noexcept {}
  /// The response is ready to be sent, or its streamed body has ended. Always follows on_request_begin().
  virtual void on_request_end(const request&, std::string_view /*route*/, unsigned /*status*/,
                              std::chrono::nanoseconds /*took*/) noexcept {}
  /// A request was malformed or did not arrive in time; the response has this status.
  virtual void on_protocol_error(unsigned /*status*/, std::string_view /*detail*/) noexcept {}
  /// A handler threw; the client gets a 500 without `what`.
  virtual void on_handler_failed(std::string_view /*route*/, std::string_view /*what*/) noexcept {}
  /// A connection was ended by a deadline.
  virtual void on_timeout(std::string_view /*phase*/) noexcept {}
  /// The listener continues, at once or after a pause.
  virtual void on_accept_error(const error_code&, bool /*pauses*/) noexcept {}
};

}  // namespace loopscope::http
