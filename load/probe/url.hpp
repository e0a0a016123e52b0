#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>

namespace loopscope::probe {

/// An http:// URL, taken apart for a client.
struct http_url {
  std::string host;         ///< to resolve: no brackets around an IPv6 address
  std::string port;         ///< 80 when the URL has none
  std::string target;       ///< path and query
  std::string host_header;  ///< as the Host field wants it
};

/// Errors: of the syntax; invalid_argument for another scheme than http or no host.
boost::system::result<http_url> parse_http_url(std::string_view text);

}  // namespace loopscope::probe
