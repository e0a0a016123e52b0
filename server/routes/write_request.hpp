// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "server/http/parse/target.hpp"
#include "server/http/problem.hpp"
#include "server/runs/admission.hpp"
#include "writers/write_run.hpp"

namespace loopscope::routes {

inline constexpr std::size_t max_high_water_mark_bytes = std::size_t{64} << 20;
inline constexpr std::int64_t max_slice_us = 1'000'000;

/// Reads the parameters of /write. Returns a complete request, with its back end, or the problem for the client.
///
/// A problem names the parameter, its value and the allowed values: 400 if it is malformed, missing, repeated, unknown
/// or cannot run here, 422 for a count beyond the limit.
std::variant<writers::write_request, http::problem> parse_write_request(std::span<const http::parameter> given,
                                                                        const runs::run_limits& limits,
                                                                        const writers::back_end_rule& back_ends);

}  // namespace loopscope::routes
