#pragma once

#include <chrono>
#include <cstddef>
#include <limits>

namespace loopscope::http {

/// Everything that a client could otherwise make the server wait for or store.
///
/// Units: bytes, counts, steady-clock durations. Deadlines are swept, so one fires at its time plus at most
/// three sweep periods (a period is a quarter of the shortest time-out, between 5 and 250 ms).
/// Source: the directives of nginx and the timeouts of HAProxy that bear the same names.
struct limits {
  /// From the first byte of a request (or from accept) to the end of its header; not extended by slow bytes.
  std::chrono::milliseconds header_timeout{10'000};
  /// From the end of the header to the end of the body; not extended either.
  std::chrono::milliseconds body_timeout{30'000};
  /// Between two requests of one connection.
  std::chrono::milliseconds idle_timeout{60'000};
  /// For the client to take some of what is sent: what it takes starts it anew.
  std::chrono::milliseconds write_timeout{30'000};
  /// After the last answer, for the client to close: closing first could destroy the answer on its way.
  std::chrono::milliseconds linger_timeout{2'000};

  std::size_t max_target_bytes = 8 * 1024;   ///< longer: 414
  std::size_t max_header_bytes = 16 * 1024;  ///< request line and header together; longer: 431
  std::size_t max_header_fields = 100;       ///< more: 431
  std::size_t max_body_bytes = 64 * 1024;    ///< longer: 413
  std::size_t max_connections = 1024;        ///< per loop; see accept_policy.hpp for what happens beyond
  /// Per loop and client address; an IPv6 client is its /64 network.
  std::size_t max_connections_per_address = std::numeric_limits<std::size_t>::max();
  std::size_t max_requests_per_connection = 1'000'000;
  /// Pipelined requests of one connection that are answered before the loop turns to the others.
  std::size_t max_pipelined = 64;
  /// Answers that wait for a client to read: with so many bytes no more of its requests are served. They are
  /// sent together until then.
  std::size_t max_backlog_bytes = 64 * 1024;
  /// What all connections of a loop may hold together of requests read and answers unsent; one that would need
  /// more is told so (503), or dropped when it is its answers that nobody reads.
  std::size_t max_connection_bytes = 64 * 1024 * 1024;
};

}  // namespace loopscope::http
