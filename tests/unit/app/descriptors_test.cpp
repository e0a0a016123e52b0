#include "server/app/descriptors.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "server/http/serve/accept_policy.hpp"

namespace loopscope::app {
namespace {

config::serve_config config_of(std::size_t io_threads, std::size_t max_connections) {
  config::serve_config config;
  config.io_threads = io_threads;
  config.clients.max_connections = max_connections;
  return config;
}

/// The connections at which a listener pauses: those that it serves and those that get a 503.
std::size_t most_accepted(std::size_t max_connections) {
  std::size_t open = 0;
  while (http::decide_accept(open, max_connections) != http::accept_decision::pause) ++open;
  return open;
}

TEST(descriptors, allow_the_configured_connections_where_there_are_enough) {
  EXPECT_EQ(connections_within(20'000, config_of(1, 4096)), 4096U);
  EXPECT_EQ(connections_within(1'048'576, config_of(16, 4096)), 4096U);
  EXPECT_EQ(connections_within(256, config_of(1, 20)), 20U);
}

TEST(descriptors, leave_a_quarter_and_at_most_256_to_the_admin_plane_and_to_writes) {
  for (const std::size_t io_threads : {1U, 2U, 5U}) {
    for (const std::size_t descriptors : {200U, 256U, 1024U, 4096U}) {
      const auto config = config_of(io_threads, 4096);
      const std::size_t least = min_descriptors(config);
      const std::size_t clients = io_threads * most_accepted(connections_within(descriptors, config));
      const std::size_t spare = descriptors - least;
      const std::size_t reserved = std::min<std::size_t>(256, spare / 4);
      const std::size_t of_the_least = io_threads * most_accepted(1);
      EXPECT_LE(clients, spare + of_the_least - reserved) << descriptors;
      // Not fewer than needed: one more connection a loop would not fit, or the share does not divide.
      EXPECT_GT(clients + 3 * io_threads, spare + of_the_least - reserved) << descriptors;
    }
  }
}

TEST(descriptors, always_allow_one_connection) {
  for (const std::size_t io_threads : {1U, 3U}) {
    const auto config = config_of(io_threads, 4096);
    EXPECT_EQ(connections_within(min_descriptors(config), config), 1U);
    EXPECT_EQ(connections_within(0, config), 1U);
  }
}

}  // namespace
}  // namespace loopscope::app
