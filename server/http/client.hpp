// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "types.hpp"

namespace loopscope::http {

struct fetched {
  unsigned status = 0;
  std::string body;
};

/// Gets one http:// URL on a connection of its own; for the health check of a container and for tests.
/// Blocks the calling thread up to `timeout` (resolving a name that is not numeric may take longer).
///
/// Errors: of the URL, of the network, of HTTP, or timed_out.
boost::system::result<fetched> blocking_get(std::string_view url, std::chrono::milliseconds timeout);

}  // namespace loopscope::http
