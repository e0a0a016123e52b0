// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstddef>
#include <limits>

namespace loopscope::http {

/// Everything that a client could otherwise make the server wait for or store. The flags of the service set these
/// members, and their values here are the defaults of the flags.
///
/// Units: bytes, counts, steady-clock durations. Deadlines are checked by a periodic sweep, so one fires at most three
/// sweep periods late (a period is a quarter of the shortest time-out, between 5 and 250 ms).
/// Source: the directives of nginx and the timeouts of HAProxy that have the same names.
struct limits {
  /// From the first byte of a request (or from accept) to the end of its header; slow bytes do not extend it.
  std::chrono::microseconds header_timeout = std::chrono::seconds{10};
  /// From the end of the header to the end of the body; slow bytes do not extend it.
  std::chrono::microseconds body_timeout = std::chrono::seconds{30};
  /// Between two requests of one connection.
  std::chrono::microseconds idle_timeout = std::chrono::seconds{60};
  /// For the client to read a part of the response; each part restarts it.
  std::chrono::microseconds write_timeout = std::chrono::seconds{30};
  /// After the last response, for the client to close: if the server closed first, the response could be lost.
  std::chrono::microseconds linger_timeout = std::chrono::seconds{2};

  std::size_t max_target_bytes = 8 * 1024;   ///< longer: 414
  std::size_t max_header_bytes = 16 * 1024;  ///< request line and header together; longer: 431
  std::size_t max_header_fields = 100;       ///< more: 431
  std::size_t max_body_bytes = 64 * 1024;    ///< longer: 413
  std::size_t max_connections = 4096;        ///< per loop; accept_policy.hpp says what happens beyond it
  /// Per loop and client address; an IPv6 client is its /64 network.
  std::size_t max_connections_per_address = std::numeric_limits<std::size_t>::max();
  std::size_t max_requests_per_connection = 1'000'000;
  /// Pipelined requests of one connection that are served before the loop serves other connections.
  std::size_t max_pipelined = 64;
  /// Responses that one client has not read yet. No more of its requests are served above this, and smaller responses
  /// are sent together.
  std::size_t max_backlog_bytes = 64 * 1024;
  /// Memory of all connections of a loop for requests and unsent responses. A connection that would need more gets 503,
  /// or is reset if it does not read its responses.
  std::size_t max_connection_bytes = 64 * 1024 * 1024;
};

}  // namespace loopscope::http
