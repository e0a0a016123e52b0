// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace loopscope::http {

/// By which Host names a server may be addressed.
///
/// A page of any site can have its own name resolved to this machine and then read what is served here as if it came
/// from that site (DNS rebinding). Its browser sends that site's name as the Host, which is how it is told apart.
/// Known are localhost and the names below it, 127.0.0.0/8, [::1], the bound address, and what `allowed` adds.
/// A server that is bound wider than loopback has names that it cannot know: it checks only when `allowed` has some.
///
/// Threads: unchanged once made.
class allowed_hosts {
 public:
  /// Any name will do.
  allowed_hosts() = default;
  allowed_hosts(const boost::asio::ip::address& bound, std::vector<std::string> allowed);

  /// `host`: a valid Host header's value; an empty one, as only HTTP/1.0 has, is no browser's and passes.
  bool allows(std::string_view host) const;

 private:
  bool checks_ = false;
  std::vector<std::string> names_;
};

}  // namespace loopscope::http
