// SPDX-License-Identifier: MIT

#pragma once

#include <string>
#include <string_view>

#include "parse/request.hpp"
#include "response.hpp"

namespace loopscope::http {

/// The Origin header if its page may read the answer: one from the host that the request was sent to, on any
/// port; otherwise empty. This is how the dashboard's port reads the data plane's.
std::string_view allowed_origin(const request& asked);

/// Does a browser say that another site's page sent this request?
bool is_cross_site(const request& asked);

/// The answer to OPTIONS, a CORS preflight or not. `allowed`: the Allow header.
response options_answer(const request& asked, const std::string& allowed);

}  // namespace loopscope::http
