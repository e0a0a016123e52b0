#pragma once

#include <boost/beast/http/verb.hpp>
#include <boost/system/result.hpp>
#include <optional>
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

/// A request line's first two words, such as "POST /write?method=sync".
struct request_line {
  boost::beast::http::verb method;
  std::string target;
};

/// Nothing for an unknown method, CONNECT, or a target that is not an absolute path with an optional query.
std::optional<request_line> parse_request_line(std::string_view text);

/// The bytes of a request without a body, to be sent on a connection that stays open.
std::string request_text(const http_url& to, const request_line& asked);

}  // namespace loopscope::probe
