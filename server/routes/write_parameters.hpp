#pragma once

#include <span>

#include "server/http/problem.hpp"
#include "server/http/query.hpp"
#include "server/runs/admission.hpp"
#include "writers/file/uring_support.hpp"
#include "writers/write_run.hpp"

namespace loopscope::routes {

inline constexpr std::size_t max_high_water_mark_bytes = std::size_t{64} << 20;
inline constexpr std::int64_t max_slice_us = 1'000'000;

/// Either a write to carry out or the problem that the client gets: never both.
struct write_parameters {
  std::optional<http::problem> wrong;
  writers::write_request request;  ///< its back end is still to be selected
  writers::back_end_choice io = writers::back_end_choice::automatic;
};

/// Reads the parameters of /write.
///
/// A problem names the parameter, what was given and what is allowed: 400 for what is malformed, missing, repeated,
/// unknown or cannot run here, 422 for a count beyond the limit.
write_parameters parse_write_parameters(std::span<const http::parameter> given, const runs::run_limits& limits,
                                        const writers::uring_support& uring);

}  // namespace loopscope::routes
