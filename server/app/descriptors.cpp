// SPDX-License-Identifier: MIT

#include "descriptors.hpp"

#include <algorithm>

#include "server/admin/relay.hpp"
#include "server/http/serve/accept_policy.hpp"

namespace loopscope::app {
namespace {

// With this limit a listener serves one client, and a few more get only a 503.
constexpr std::size_t min_connections = 1;
constexpr std::size_t max_admin_connections = 1024;
// The clients of the data plane leave these: one half for more clients of the admin plane, one half for more writes.
constexpr std::size_t max_reserved = 256;

/// The highest limit with which a listener uses at most `share` descriptors for its clients.
std::size_t connections_within(std::size_t share, std::size_t max_connections) {
  std::size_t connections = std::min(max_connections, share);
  while (connections > min_connections && http::max_open(connections) > share) --connections;
  return std::max(connections, min_connections);
}

}  // namespace

std::size_t min_descriptors(const config::serve_config& config) {
  constexpr std::size_t standard = 3;
  constexpr std::size_t context = 3;                     // epoll, an eventfd, a timerfd
  constexpr std::size_t loop = context + 1 + 2 + 4;      // with a listener, a ring and its eventfd, four files in /proc
  constexpr std::size_t planes = context + 1 + context;  // admin plane with its listener, control thread
  constexpr std::size_t asio = 1 + 2;                    // reserve for accept, pipe for signals
  constexpr std::size_t watchdog = 2 + 4;                // files in /proc, cpu.stat of the control groups
  // A write's file, its directory and the file read back; two files that the admin plane reads; three programs and
  // libraries in which a stall's functions are looked up.
  constexpr std::size_t in_use = 3 + 2 + 3;
  const std::size_t clients = http::max_open(min_connections);
  return standard + planes + asio + watchdog + clients + config.io_threads * (loop + clients) + in_use +
         (config.relay ? admin::relay::max_open : 0);
}

connection_limits fit_connections(std::size_t descriptors, const config::serve_config& config) {
  const std::size_t least = http::max_open(min_connections);  // in min_descriptors(), for each listener
  const std::size_t spare = descriptors - std::min(descriptors, min_descriptors(config));
  const std::size_t reserved = std::min(max_reserved, spare / 4);
  const std::size_t for_data = spare - reserved + config.io_threads * least;
  const std::size_t data = connections_within(for_data / config.io_threads, config.clients.max_connections);
  const std::size_t left = for_data - config.io_threads * http::max_open(data);
  return {.data = data, .admin = connections_within(least + reserved / 2 + left, max_admin_connections)};
}

}  // namespace loopscope::app
