#include "address_counts.hpp"

#include <algorithm>

namespace loopscope::http {
namespace {

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
