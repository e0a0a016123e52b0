#pragma once

#include <cstddef>

#include "server/config/config.hpp"

namespace loopscope::app {

/// The smallest number of descriptors to serve with, the standard ones included: those that the process, each loop and
/// its monitor keep open, and those of the fewest clients of each plane, one write and the explanation of one stall at
/// the same time.
std::size_t min_descriptors(const config::serve_config& config);

/// The highest max_connections, at most the configured one, with which the clients of all I/O threads together leave
/// enough of `descriptors` for the admin plane and for writes. At least 1.
std::size_t connections_within(std::size_t descriptors, const config::serve_config& config);

}  // namespace loopscope::app
