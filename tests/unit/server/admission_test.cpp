#include "server/runs/admission.hpp"

#include <gtest/gtest.h>

namespace loopscope::runs {
namespace {

using writers::method;

writers::write_request request_of(method id, std::uint64_t count) {
  writers::write_request request;
  request.id = id;
  request.count = count;
  return request;
}

TEST(admission, lets_the_articles_million_through_for_every_method) {
  for (const auto& each : writers::all_methods()) {
    admission gate{run_limits{}};
    EXPECT_FALSE(gate.admit(request_of(each.id, 1'000'000))) << each.name;
  }
}

TEST(admission, foresees_the_articles_out_of_memory_crash) {
  admission gate{run_limits{}};
  const auto refused = gate.admit(request_of(method::callback, 10'000'000));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->why, refusal::cause::over_limit);
  EXPECT_EQ(refused->limit_name, "max-pending-bytes");
  EXPECT_EQ(refused->parameter, "count");
  EXPECT_GT(refused->estimate, refused->limit);
}

TEST(admission, lets_methods_with_backpressure_write_as_many) {
  admission gate{run_limits{}};
  EXPECT_FALSE(gate.admit(request_of(method::stream, 100'000'000)));
}

TEST(admission, bounds_the_disk_space_of_one_write) {
  admission gate{run_limits{.max_output_bytes = 1000}};
  const auto refused = gate.admit(request_of(method::sync, 1000));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->why, refusal::cause::over_limit);
  EXPECT_EQ(refused->limit_name, "max-output-bytes");
  EXPECT_EQ(refused->estimate, 4890u);
}

TEST(admission, bounds_the_disk_space_of_all_writes_together) {
  admission gate{run_limits{.max_output_bytes = 6000}};
  EXPECT_FALSE(gate.admit(request_of(method::sync, 1000)));
  const auto refused = gate.admit(request_of(method::stream, 1000));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->why, refusal::cause::too_many);
}

TEST(admission, bounds_the_number_of_writes_at_a_time) {
  admission gate{run_limits{.max_writes = 2}};
  const auto request = request_of(method::sync, 1);
  EXPECT_FALSE(gate.admit(request));
  EXPECT_FALSE(gate.admit(request));
  const auto refused = gate.admit(request);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->why, refusal::cause::too_many);
  EXPECT_EQ(refused->limit, 2u);
}

TEST(admission, has_room_again_when_a_write_ends) {
  admission gate{run_limits{.max_writes = 1, .max_output_bytes = 5000}};
  const auto request = request_of(method::sync, 1000);
  EXPECT_FALSE(gate.admit(request));
  EXPECT_TRUE(gate.admit(request));
  gate.release(request);
  EXPECT_FALSE(gate.admit(request));
}

TEST(admission, names_the_count_when_it_is_over_its_limit) {
  admission gate{run_limits{.max_count = 10}};
  const auto refused = gate.admit(request_of(method::sync, 11));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->limit_name, "max-count");
}

}  // namespace
}  // namespace loopscope::runs
