#include "descriptors.hpp"

#include <algorithm>

#include "server/http/serve/accept_policy.hpp"

namespace loopscope::app {
namespace {

// The clients of a loop: one that is served, and those beyond it that get only a 503.
constexpr std::size_t loop_clients = 9;
// What the clients of the data plane leave for more clients of the admin plane and for more writes.
constexpr std::size_t max_reserved = 256;

}  // namespace

std::size_t min_descriptors(const config::serve_config& config) {
  constexpr std::size_t standard = 3;
  constexpr std::size_t context = 3;                     // epoll, an eventfd, a timerfd
  constexpr std::size_t loop = context + 1 + 2 + 4;      // with a listener, a ring and its eventfd, four files in /proc
  constexpr std::size_t planes = context + 1 + context;  // admin plane with its listener, control thread
  constexpr std::size_t asio = 1 + 2;                    // reserve for accept, pipe for signals
  constexpr std::size_t watchdog = 2 + 4;                // files in /proc, cpu.stat of the control groups
  // A client of the admin plane; a write's file, its directory and the file read back; two files that the admin plane
  // reads; three programs and libraries in which a stall's functions are looked up.
  constexpr std::size_t in_use = 1 + 3 + 2 + 3;
  return standard + planes + asio + watchdog + config.io_threads * (loop + loop_clients) + in_use;
}

std::size_t connections_within(std::size_t descriptors, const config::serve_config& config) {
  const std::size_t spare = descriptors - std::min(descriptors, min_descriptors(config));
  const std::size_t for_clients = spare - std::min(max_reserved, spare / 4) + config.io_threads * loop_clients;
  const std::size_t listener_share = for_clients / config.io_threads;
  // The highest limit with which a listener pauses at its share.
  std::size_t connections = std::min(config.clients.max_connections, listener_share);
  while (connections > 1 && http::decide_accept(listener_share, connections) != http::accept_decision::pause)
    --connections;
  return connections;
}

}  // namespace loopscope::app
