#pragma once

#include <cstddef>

#include "server/cli/config.hpp"

namespace loopscope::app {

/// Raises the soft limit of descriptors to the hard one. Returns how many the process may have open now.
std::size_t raise_descriptor_limit();

/// The fewest to serve with, those at start included: what the process, each loop and its monitor keep open, and the
/// fewest clients of each plane, a write and the explanation of a stall at the same time.
std::size_t least_descriptors(const cli::serve_config& config);

/// The highest max_connections, at most the configured one, with which the clients of all I/O threads together leave
/// enough of `descriptors` for the admin plane and for writes. At least 1.
std::size_t connections_within(std::size_t descriptors, const cli::serve_config& config);

/// How many could be opened now, but no more than `wanted`: opens so many and closes them again.
std::size_t count_free_descriptors(std::size_t wanted);

}  // namespace loopscope::app
