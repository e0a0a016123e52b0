// SPDX-License-Identifier: MIT

#include "server/runs/admission.hpp"

#include <gtest/gtest.h>

namespace loopscope::runs {
namespace {

writers::write_request request_of(std::string_view method, std::uint64_t count) {
  writers::write_request request;
  request.method = writers::find_method(method);
  request.count = count;
  return request;
}

TEST(admission, lets_the_articles_million_through_for_every_method) {
  for (const auto& each : writers::all_methods()) {
    admission gate{run_limits{}};
    EXPECT_FALSE(gate.admit(request_of(each.name, 1'000'000), std::nullopt)) << each.name;
  }
}

TEST(admission, foresees_the_articles_out_of_memory_crash) {
  admission gate{run_limits{}};
  const auto refused = gate.admit(request_of("callback", 10'000'000), std::nullopt);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->why, refusal::cause::over_limit);
  EXPECT_EQ(refused->limit_name, "max-pending-bytes");
  EXPECT_EQ(refused->parameter, "count");
  EXPECT_GT(refused->estimate, refused->limit);
}

TEST(admission, lets_methods_with_backpressure_write_as_many) {
  admission gate{run_limits{}};
  EXPECT_FALSE(gate.admit(request_of("stream", 100'000'000), std::nullopt));
}

TEST(admission, bounds_the_disk_space_of_one_write) {
  admission gate{run_limits{.max_output_bytes = 1000}};
  const auto refused = gate.admit(request_of("sync", 1000), std::nullopt);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->why, refusal::cause::over_limit);
  EXPECT_EQ(refused->limit_name, "max-output-bytes");
  EXPECT_EQ(refused->estimate, 4890u);
}

TEST(admission, bounds_the_disk_space_of_all_writes_together) {
  admission gate{run_limits{.max_output_bytes = 6000}};
  EXPECT_FALSE(gate.admit(request_of("sync", 1000), std::nullopt));
  const auto refused = gate.admit(request_of("stream", 1000), std::nullopt);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->why, refusal::cause::too_many);
}

TEST(admission, bounds_the_number_of_writes_at_a_time) {
  admission gate{run_limits{.max_writes = 2}};
  const auto request = request_of("sync", 1);
  EXPECT_FALSE(gate.admit(request, std::nullopt));
  EXPECT_FALSE(gate.admit(request, std::nullopt));
  const auto refused = gate.admit(request, std::nullopt);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->why, refusal::cause::too_many);
  EXPECT_EQ(refused->limit, 2u);
}

TEST(admission, has_room_again_when_a_write_ends) {
  admission gate{run_limits{.max_writes = 1, .max_output_bytes = 5000}};
  const auto request = request_of("sync", 1000);
  EXPECT_FALSE(gate.admit(request, std::nullopt));
  EXPECT_TRUE(gate.admit(request, std::nullopt));
  gate.release(request);
  EXPECT_FALSE(gate.admit(request, std::nullopt));
}

TEST(admission, names_the_count_when_it_is_over_its_limit) {
  admission gate{run_limits{.max_count = 10}};
  const auto refused = gate.admit(request_of("sync", 11), std::nullopt);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->limit_name, "max-count");
}

using namespace std::chrono_literals;

TEST(admission, sheds_writes_above_the_lag_only) {
  admission gate{run_limits{.shed_lag = 50ms}};
  const auto refused = gate.admit(request_of("sync", 1), 51ms);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->why, refusal::cause::loop_behind);
  EXPECT_EQ(refused->estimate, 51'000'000U);
  EXPECT_FALSE(gate.admit(request_of("sync", 1), 50ms));
}

TEST(admission, sheds_nothing_without_a_limit_or_a_measurement) {
  admission without_limit{run_limits{}};
  EXPECT_FALSE(without_limit.admit(request_of("sync", 1), 10s));
  admission gate{run_limits{.shed_lag = 50ms}};
  EXPECT_FALSE(gate.admit(request_of("sync", 1), std::nullopt));
}

TEST(admission, refuses_everything_once_it_is_closed) {
  admission gate{run_limits{}};
  gate.close();
  EXPECT_EQ(gate.admit(request_of("sync", 1), std::nullopt)->why, refusal::cause::shutting_down);
}

}  // namespace
}  // namespace loopscope::runs
