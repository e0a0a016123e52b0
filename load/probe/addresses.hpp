#pragma once

#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <vector>

#include "server/support/http_url.hpp"
#include "types.hpp"

namespace loopscope::probe {

/// What a URL's name stands for: each address once, in the resolver's order.
struct target_addresses {
  std::vector<endpoint> all;
  std::size_t chosen = 0;  ///< the first that took a connection, or the first of all when none did
};

/// Looks the name up and tries its addresses, where there are several; with `unix_socket`, the URL's host is not looked
/// up at all. Blocks, for the trial up to 5 s.
boost::system::result<target_addresses> blocking_find_addresses(const http_url& target,
                                                                const std::optional<std::string>& unix_socket);

/// "127.0.0.1:8080", "[::1]:8080" or "unix:/run/service.sock".
std::string address_text(const endpoint& address);

}  // namespace loopscope::probe
