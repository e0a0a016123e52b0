// SPDX-License-Identifier: MIT

#pragma once

#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loopscope::http {

/// Is this a Host header's value (RFC 9110, 7.2: uri-host with an optional port), and not an empty one?
bool valid_host(std::string_view value);

/// The host of "host:port", "[v6]:port" or "host"; the port is dropped.
std::string_view host_name(std::string_view host_and_port);

/// Does the Origin header name the host that the request was sent to, on whatever port and scheme?
bool same_host(std::string_view origin, std::string_view host_header);

/// One name=value of a query, decoded. A name without "=" has an empty value.
struct parameter {
  std::string name;
  std::string value;
};

/// The parameters of a query in their order, repeated ones included.
struct query_parameters {
  std::vector<parameter> list;
  /// The first parameter that is not valid, as it was sent; `list` is then empty.
  std::optional<parameter> malformed;
};

/// Decodes percent-encoding and "+" as a space. `raw` is what follows the "?".
query_parameters parse_query(std::string_view raw);

/// A request target, split but not decoded; views into the text that was parsed.
struct target_parts {
  enum class form { origin, absolute, asterisk };
  form kind = form::origin;
  std::string_view path;       ///< percent-encoded; "*" in asterisk form
  std::string_view query;      ///< without the "?"
  std::string_view authority;  ///< absolute form only
};

/// Errors: a Boost.URL error for what is no target of an http request. A query that is malformed is found
/// later, by parse_query(), which can name the parameter.
/// Source: RFC 9112, section 3.2.
boost::system::result<target_parts> parse_target(std::string_view target);

}  // namespace loopscope::http
