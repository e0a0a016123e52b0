// SPDX-License-Identifier: MIT

#pragma once

#include "server/http/problem.hpp"
#include "server/runs/admission.hpp"
#include "writers/file_error.hpp"

namespace loopscope::routes {

/// The problem for a write that may not start: 422 when it never may, 429 with Retry-After when only not now.
http::response to_response(const runs::refusal& refused);

/// The problem for a write that failed: 507 when the disk or a quota is full, 503 with Retry-After when the service
/// gave it up, 500 otherwise. Names the call and the file, not where the file lies.
http::response to_response(const writers::file_error& failed);

}  // namespace loopscope::routes
