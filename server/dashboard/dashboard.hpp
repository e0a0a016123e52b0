// SPDX-License-Identifier: MIT

#pragma once

#include <string>
#include <string_view>

#include "assets.hpp"
#include "server/http/parse/request.hpp"
#include "server/http/response.hpp"
#include "server/http/router.hpp"

namespace loopscope::dashboard {

/// Adds GET / and the files of the page below /dashboard/. Adds nothing if the dashboard was not built in; missing()
/// says why.
void add_routes(http::router& router);

/// The asset in the encoding that the client accepts, or 304 if the client has it.
http::response asset_response(const asset& file, const http::request& request);

/// Whether the response may be compressed with gzip. Source: RFC 9110, 12.5.3.
bool accepts_gzip(std::string_view accept_encoding);

/// Whether an If-None-Match field contains `etag`, by weak comparison. Source: RFC 9110, 13.1.2.
bool contains_etag(std::string_view if_none_match, std::string_view etag);

/// What the page may load: its own files, and responses of its own host on any port, because the data plane has
/// another port. No inline code. `host`: a valid Host field.
std::string content_security_policy(std::string_view host);

}  // namespace loopscope::dashboard
