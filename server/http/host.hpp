#pragma once

#include <string_view>

namespace loopscope::http {

/// Is this a Host header's value (RFC 9110, 7.2: uri-host with an optional port), and not an empty one?
bool valid_host(std::string_view value);

/// The host of "host:port", "[v6]:port" or "host"; the port is dropped.
std::string_view host_name(std::string_view host_and_port);

/// Does the Origin header name the host that the request was sent to, on whatever port and scheme?
bool same_host(std::string_view origin, std::string_view host_header);

}  // namespace loopscope::http
