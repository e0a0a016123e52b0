// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <unordered_map>

#include "../types.hpp"

namespace loopscope::http {

/// What to do with the next connection.
///
/// Beyond max_connections, a few more are accepted only to get a 503 with Retry-After. Beyond those the listener pauses
/// until one closes, and new connections wait in the kernel's accept queue.
enum class accept_decision { serve, refuse, pause };
accept_decision decide_accept(std::size_t open, std::size_t max_connections);
/// The open connections at which the listener pauses: the most descriptors that its clients can use.
std::size_t max_open(std::size_t max_connections);

/// The same limit per client address. Beyond the refusals the connection is closed without a response, so that one
/// client cannot pause the listener for all.
enum class address_decision { serve, refuse, drop };
address_decision decide_accept_from(std::size_t open_from_address, std::size_t max_connections_per_address);

enum class accept_recovery {
  retry,    ///< only that client is affected
  back_off  ///< this process or machine lacks a resource: retrying at once would spin
};
accept_recovery recover_from(const error_code& accept_error);

/// The pauses between attempts that fail in a row.
class accept_backoff {
 public:
  std::chrono::milliseconds next() noexcept;
  void reset() noexcept { failures_ = 0; }

 private:
  int failures_ = 0;
};

/// How many connections each client address has open. An IPv6 client is its /64 network, because it may take any
/// address of that; an IPv4 address that is mapped into IPv6 is itself.
///
/// Threads: one loop.
class address_counts {
 public:
  std::size_t of(const boost::asio::ip::address& client) const;
  void add(const boost::asio::ip::address& client);
  /// Once for each add().
  void remove(const boost::asio::ip::address& client) noexcept;

 private:
  std::unordered_map<boost::asio::ip::address, std::size_t> open_;
};

}  // namespace loopscope::http
