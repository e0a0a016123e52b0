#pragma once

#include <chrono>
#include <optional>

#include "server/http/response.hpp"

namespace loopscope::routes {

/// Whether a new write is turned away because its loop is behind. Plain values; no clock.
///
/// `threshold`: nullopt never sheds. `recent_lag`: the worst of the last second, nullopt when none was measured, which
/// never sheds: a monitor that does not run must not close the service.
std::optional<http::response> shed(std::optional<std::chrono::nanoseconds> threshold,
                                   std::optional<std::chrono::nanoseconds> recent_lag);

}  // namespace loopscope::routes
