// SPDX-License-Identifier: MIT

#pragma once

#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <vector>

#include "server/support/http_url.hpp"
#include "types.hpp"

namespace loopscope::probe {

/// The addresses of a URL's host: each one once, in the resolver's order.
struct target_addresses {
  std::vector<endpoint> all;
  std::size_t chosen = 0;  ///< the first one that accepted a connection, or the first one if none did
};

/// Resolves the host and, if it has several addresses, tries to connect to them for at most 5 s. With `unix_socket` the
/// host is not resolved. Blocks.
boost::system::result<target_addresses> blocking_find_addresses(const http_url& target,
                                                                const std::optional<std::string>& unix_socket);

/// "127.0.0.1:8080", "[::1]:8080" or "unix:/run/service.sock".
std::string address_text(const endpoint& address);

}  // namespace loopscope::probe
