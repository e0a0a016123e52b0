#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <unordered_map>

namespace loopscope::http {

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
