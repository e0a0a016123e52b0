// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>

#include "server/config/config.hpp"

namespace loopscope::app {

/// The smallest number of descriptors to serve with, the standard ones included: those that the process, each loop and
/// its monitor keep open, and those of the fewest clients of each plane, one write and the explanation of one stall at
/// the same time.
std::size_t min_descriptors(const config::serve_config& config);

/// The limits of connections with which idle clients of one plane leave enough descriptors for the other plane and for
/// writes. Each is at least 1.
struct connection_limits {
  std::size_t data = 0;  ///< for each I/O thread, at most the configured limit
  std::size_t admin = 0;
};

connection_limits fit_connections(std::size_t descriptors, const config::serve_config& config);

}  // namespace loopscope::app
