#pragma once

#include <string>
#include <string_view>

#include "assets.hpp"
#include "server/http/parse/request.hpp"
#include "server/http/response.hpp"

namespace loopscope::dashboard {

/// May the answer be compressed by gzip? Source: RFC 9110, 12.5.3.
bool accepts_gzip(std::string_view accept_encoding);

/// Does an If-None-Match header name `etag`? Weak comparison. Source: RFC 9110, 13.1.2.
bool none_match_names(std::string_view if_none_match, std::string_view etag);

/// What the page may load: its own files, and answers of the host that it came from on any port, which is
/// where the data plane is. No inline code. `host`: the Host header, already valid.
std::string content_security_policy(std::string_view host);

/// The asset as the client can take it, or 304 when it has it.
http::response answer_asset(const asset& what, const http::request& asked);

}  // namespace loopscope::dashboard
