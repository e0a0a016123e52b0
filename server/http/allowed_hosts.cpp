// SPDX-License-Identifier: MIT

#include "allowed_hosts.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>

#include "parse/target.hpp"

namespace loopscope::http {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return boost::beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

std::string as_host(const boost::asio::ip::address& address) {
  return address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
}

/// A name of digits and dots alone is an IPv4 address to every browser, and no name that a DNS server could answer for.
bool is_loopback_v4(std::string_view name) {
  return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_localhost(std::string_view name) {
  constexpr std::string_view below = ".localhost";
  return same_name(name, below.substr(1)) ||
         (name.size() > below.size() && same_name(name.substr(name.size() - below.size()), below));
}

}  // namespace

allowed_hosts::allowed_hosts(const boost::asio::ip::address& bound, std::vector<std::string> allowed)
    : checks_(bound.is_loopback() || !allowed.empty()), names_(std::move(allowed)) {
  names_.push_back(as_host(bound));
}

bool allowed_hosts::allows(std::string_view host) const {
  if (!checks_ || host.empty()) return true;
  auto name = host_name(host);
  if (name.ends_with('.')) name.remove_suffix(1);
  if (is_loopback_v4(name) || is_localhost(name) || name == "[::1]") return true;
  return std::any_of(names_.begin(), names_.end(), [name](const std::string& each) { return same_name(each, name); });
}

}  // namespace loopscope::http
