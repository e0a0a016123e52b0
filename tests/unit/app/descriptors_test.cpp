// SPDX-License-Identifier: MIT

#include "server/app/descriptors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "server/admin/relay.hpp"
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
std::size_t max_accepted(std::size_t max_connections) {
  std::size_t open = 0;
  while (http::decide_accept(open, max_connections) != http::accept_decision::pause) ++open;
  return open;
}

TEST(descriptors, allow_the_configured_connections_if_there_are_enough) {
  EXPECT_EQ(fit_connections(20'000, config_of(1, 4096)).data, 4096U);
  EXPECT_EQ(fit_connections(20'000, config_of(1, 4096)).admin, 1024U);
  EXPECT_EQ(fit_connections(std::numeric_limits<std::size_t>::max(), config_of(16, 4096)).data, 4096U);
  EXPECT_EQ(fit_connections(256, config_of(1, 20)).data, 20U);
}

TEST(descriptors, are_kept_for_the_requests_that_are_relayed) {
  config::serve_config config = config_of(1, 4096);
  const std::size_t without = min_descriptors(config);
  config.relay = true;
  EXPECT_EQ(min_descriptors(config), without + admin::relay::max_open);
}

TEST(descriptors, leave_a_quarter_and_at_most_256_to_the_admin_plane_and_to_writes) {
  for (const std::size_t io_threads : {1U, 2U, 5U}) {
    for (const std::size_t descriptors : {200U, 256U, 1024U, 4096U}) {
      const auto config = config_of(io_threads, 4096);
      const std::size_t clients = io_threads * max_accepted(fit_connections(descriptors, config).data);
      const std::size_t spare = descriptors - min_descriptors(config);
      const std::size_t reserved = std::min<std::size_t>(256, spare / 4);
      const std::size_t least = io_threads * max_accepted(1);
      EXPECT_LE(clients, spare + least - reserved) << descriptors;
      // Not fewer than needed: one more connection a loop would not fit, or the share does not divide.
      EXPECT_GT(clients + 3 * io_threads, spare + least - reserved) << descriptors;
    }
  }
}

TEST(descriptors, suffice_for_the_idle_clients_of_both_planes_and_for_writes) {
  for (const std::size_t io_threads : {1U, 2U, 5U}) {
    for (const std::size_t max_connections : {1U, 20U, 4096U}) {
      for (const std::size_t descriptors : {200U, 256U, 1024U, 20'000U}) {
        const auto config = config_of(io_threads, max_connections);
        const auto limits = fit_connections(descriptors, config);
        const std::size_t clients = io_threads * max_accepted(limits.data) + max_accepted(limits.admin);
        const std::size_t spare = descriptors - min_descriptors(config);
        const std::size_t least = (io_threads + 1) * max_accepted(1);
        const std::size_t for_writes = std::min<std::size_t>(128, spare / 8);
        EXPECT_LE(clients, spare + least - for_writes) << descriptors << ' ' << max_connections;
        EXPECT_GT(limits.admin, 1U);
      }
    }
  }
}

TEST(descriptors, always_allow_one_connection) {
  for (const std::size_t io_threads : {1U, 3U}) {
    const auto config = config_of(io_threads, 4096);
    for (const std::size_t descriptors : {std::size_t{0}, min_descriptors(config)}) {
      EXPECT_EQ(fit_connections(descriptors, config).data, 1U);
      EXPECT_EQ(fit_connections(descriptors, config).admin, 1U);
    }
  }
}

}  // namespace
}  // namespace loopscope::app
