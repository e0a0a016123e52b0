// SPDX-License-Identifier: MIT

#include "server/config/budgets.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "server/config/command_line.hpp"

namespace loopscope::config {
namespace {

constexpr std::uint64_t mib = 1ULL << 20;

container_limits memory(std::uint64_t bytes) {
  return {.memory_bytes = bytes, .cpus = {}};
}

container_limits cpus(double quota) {
  return {.memory_bytes = {}, .cpus = quota};
}

TEST(budgets, without_limits_are_the_usual_ones) {
  EXPECT_EQ(pending_bytes_within({}, 256 * mib), 256 * mib);
  EXPECT_EQ(pool_threads_within({}, 4), 4u);
}

TEST(budgets, of_memory_are_three_quarters_of_what_the_process_leaves) {
  EXPECT_EQ(pending_bytes_within(memory(128 * mib), 256 * mib), 48 * mib);
  EXPECT_EQ(pending_bytes_within(memory(256 * mib), 256 * mib), 144 * mib);
}

TEST(budgets, of_memory_are_never_more_than_usual_nor_less_than_a_mebibyte) {
  EXPECT_EQ(pending_bytes_within(memory(8192 * mib), 256 * mib), 256 * mib);
  EXPECT_EQ(pending_bytes_within(memory(64 * mib), 256 * mib), mib);
  EXPECT_EQ(pending_bytes_within(memory(6 * mib), 256 * mib), mib);
}

TEST(budgets, of_connections_are_an_eighth_for_all_threads_together) {
  EXPECT_EQ(connection_bytes_within({}, 2, 64 * mib), 64 * mib);
  EXPECT_EQ(connection_bytes_within(memory(8192 * mib), 2, 64 * mib), 64 * mib);
  EXPECT_EQ(connection_bytes_within(memory(128 * mib), 1, 64 * mib), 8 * mib);
  EXPECT_EQ(connection_bytes_within(memory(128 * mib), 2, 64 * mib), 4 * mib);
  EXPECT_EQ(connection_bytes_within(memory(64 * mib), 256, 64 * mib), mib);
}

TEST(budgets, of_threads_follow_the_quota_down_to_two) {
  EXPECT_EQ(pool_threads_within(cpus(16), 4), 4u);
  EXPECT_EQ(pool_threads_within(cpus(2.5), 4), 3u);
  EXPECT_EQ(pool_threads_within(cpus(0.25), 4), 2u);
}

TEST(budgets, of_busy_cpus_are_those_allowed_or_the_whole_ones_of_the_quota) {
  EXPECT_EQ(cpus_within({}, 4), 4u);
  EXPECT_EQ(cpus_within(cpus(16), 4), 4u);
  EXPECT_EQ(cpus_within(cpus(2.5), 4), 2u);
  EXPECT_EQ(cpus_within(cpus(0.25), 4), 1u);
}

command parse(std::vector<const char*> arguments, const container_limits& container) {
  arguments.insert(arguments.begin(), "loopscope");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data(), container);
}

serve_config serve_config_of(const std::vector<const char*>& arguments, const container_limits& container) {
  return std::get<serve_command>(parse(arguments, container)).config;
}

TEST(budgets, follow_the_container_where_nothing_sets_them) {
  const serve_config config = serve_config_of({}, {128 * mib, 1.0});
  EXPECT_EQ(config.limits.max_pending_bytes, 48 * mib);
  EXPECT_EQ(config.pool_threads, 2u);
  EXPECT_EQ(config.derived, (std::vector<std::string>{"pool-threads", "max-pending-bytes", "max-connection-bytes"}));
  EXPECT_EQ(std::get<write_command>(parse({"write", "offload"}, cpus(1))).pool_threads, 2u);
}

TEST(budgets, yield_to_a_flag_and_to_the_environment) {
  ::setenv("LOOPSCOPE_POOL_THREADS", "7", 1);
  const serve_config config =
      serve_config_of({"--max-pending-bytes", "256MiB", "--max-connection-bytes", "64MiB"}, {128 * mib, 1.0});
  const auto writing = std::get<write_command>(parse({"write", "offload"}, cpus(1)));
  ::unsetenv("LOOPSCOPE_POOL_THREADS");
  EXPECT_EQ(config.limits.max_pending_bytes, 256 * mib);
  EXPECT_EQ(config.pool_threads, 7u);
  EXPECT_TRUE(config.derived.empty());
  EXPECT_EQ(writing.pool_threads, 7u);
}

TEST(budgets, are_shown_with_the_limits_that_they_follow) {
  const auto shown = [](const container_limits& container) {
    return nlohmann::json::parse(std::get<early_exit>(parse({"--print-config"}, container)).out)["container"];
  };
  EXPECT_EQ(shown({128 * mib, 8.0}), nlohmann::json::parse(R"(
      {"memory_limit_bytes": 134217728, "cpu_quota": 8.0, "derived": ["max-pending-bytes", "max-connection-bytes"]})"));
  EXPECT_EQ(shown({}), nlohmann::json::parse(R"({"memory_limit_bytes": null, "cpu_quota": null, "derived": []})"));
}

}  // namespace
}  // namespace loopscope::config
