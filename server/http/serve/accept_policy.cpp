// SPDX-License-Identifier: MIT

#include "accept_policy.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>

namespace loopscope::http {
namespace {

std::size_t refusals(std::size_t max_connections) {
  return std::max<std::size_t>(8, max_connections / 16);
}

namespace ip = boost::asio::ip;

ip::address client_of(const ip::address& address) {
  if (address.is_v4()) return address;
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6);
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return v6.is_loopback() ? address : ip::address(ip::address_v6(bytes, v6.scope_id()));
}

}  // namespace

accept_decision decide_accept(std::size_t open, std::size_t max_connections) {
  if (open < max_connections) return accept_decision::serve;
  return open < max_open(max_connections) ? accept_decision::refuse : accept_decision::pause;
}

std::size_t max_open(std::size_t max_connections) {
  return max_connections + refusals(max_connections);
}

address_decision decide_accept_from(std::size_t open_from_address, std::size_t max_connections_per_address) {
  if (open_from_address < max_connections_per_address) return address_decision::serve;
  const auto beyond = open_from_address - max_connections_per_address;
  return beyond < refusals(max_connections_per_address) ? address_decision::refuse : address_decision::drop;
}

accept_recovery recover_from(const error_code& accept_error) {
  // accept(2): errors that are pending on the new socket are reported by accept.
  switch (accept_error.value()) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM:
      return accept_recovery::retry;
    default:
      return accept_recovery::back_off;
  }
}

std::chrono::milliseconds accept_backoff::next() noexcept {
  using namespace std::chrono_literals;
  constexpr int doublings = 7;
  const auto pause = 10ms * (1 << std::min(failures_, doublings));
  ++failures_;
  return std::min<std::chrono::milliseconds>(pause, 1000ms);
}

std::size_t address_counts::of(const ip::address& client) const {
  const auto found = open_.find(client_of(client));
  return found == open_.end() ? 0 : found->second;
}

void address_counts::add(const ip::address& client) {
  ++open_[client_of(client)];
}

void address_counts::remove(const ip::address& client) noexcept {
  const auto found = open_.find(client_of(client));
  if (found != open_.end() && --found->second == 0) open_.erase(found);
}

}  // namespace loopscope::http
