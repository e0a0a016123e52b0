// SPDX-License-Identifier: MIT

#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>

namespace loopscope {

/// The parts of an http:// URL that a client needs.
struct http_url {
  std::string host;         ///< the name to resolve; an IPv6 address without brackets
  std::string port;         ///< 80 if the URL has none
  std::string target;       ///< path and query
  std::string host_header;  ///< the value of the Host field
};

/// Errors: those of Boost.URL for wrong syntax; invalid_argument for another scheme than http or a missing host.
boost::system::result<http_url> parse_http_url(std::string_view text);

}  // namespace loopscope
