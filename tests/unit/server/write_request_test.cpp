// SPDX-License-Identifier: MIT

#include "server/routes/write_request.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace loopscope::routes {
namespace {

using given = std::vector<http::parameter>;

const writers::uring_support ring{true, "io_uring is available"};
const writers::uring_support no_ring{false, "this kernel has no io_uring (ENOSYS)"};

std::variant<writers::write_request, http::problem> parse(const given& parameters,
                                                          const writers::uring_support& uring = ring) {
  return parse_write_request(parameters, runs::run_limits{}, {uring});
}

/// The problem; fails the test if there is none.
http::problem problem_of(const given& parameters, const writers::uring_support& uring = ring) {
  return std::get<http::problem>(parse(parameters, uring));
}

bool accepts(const given& parameters, const writers::uring_support& uring = ring) {
  return std::holds_alternative<writers::write_request>(parse(parameters, uring));
}

struct wrong_case {
  std::string name;
  given parameters;
  unsigned status;
  std::string parameter;
};

void PrintTo(const wrong_case& each, std::ostream* out) {
  *out << each.name;
}

class wrong_parameters : public ::testing::TestWithParam<wrong_case> {};

TEST_P(wrong_parameters, are_named_with_what_is_allowed) {
  auto wrong = problem_of(GetParam().parameters);
  EXPECT_EQ(wrong.status, GetParam().status);
  EXPECT_EQ(wrong.extensions["parameter"], GetParam().parameter);
  EXPECT_NE(wrong.detail.find("'" + GetParam().parameter + "'"), std::string::npos) << wrong.detail;
  EXPECT_NE(wrong.detail.find("allowed:"), std::string::npos) << wrong.detail;
}

INSTANTIATE_TEST_SUITE_P(
    of_write, wrong_parameters,
    ::testing::Values(
        wrong_case{"no_method", {}, 400, "method"}, wrong_case{"unknown_method", {{"method", "turbo"}}, 400, "method"},
        wrong_case{"empty_method", {{"method", ""}}, 400, "method"},
        wrong_case{"unknown_parameter", {{"method", "sync"}, {"colour", "red"}}, 400, "colour"},
        wrong_case{"repeated_method", {{"method", "sync"}, {"method", "sync"}}, 400, "method"},
        wrong_case{"repeated_count", {{"method", "sync"}, {"count", "1"}, {"count", "2"}}, 400, "count"},
        wrong_case{"count_zero", {{"method", "sync"}, {"count", "0"}}, 400, "count"},
        wrong_case{"count_negative", {{"method", "sync"}, {"count", "-1"}}, 400, "count"},
        wrong_case{"count_signed", {{"method", "sync"}, {"count", "+1"}}, 400, "count"},
        wrong_case{"count_exponent", {{"method", "sync"}, {"count", "1e6"}}, 400, "count"},
        wrong_case{"count_empty", {{"method", "sync"}, {"count", ""}}, 400, "count"},
        wrong_case{"count_spaces", {{"method", "sync"}, {"count", " 1"}}, 400, "count"},
        wrong_case{"count_hexadecimal", {{"method", "sync"}, {"count", "0x10"}}, 400, "count"},
        wrong_case{"count_beyond_64_bits", {{"method", "sync"}, {"count", "18446744073709551616"}}, 422, "count"},
        wrong_case{"count_over_limit", {{"method", "sync"}, {"count", "100000001"}}, 422, "count"},
        wrong_case{"io_unknown", {{"method", "stream"}, {"io", "aio"}}, 400, "io"},
        wrong_case{"io_for_sync", {{"method", "sync"}, {"io", "uring"}}, 400, "io"},
        wrong_case{"io_for_offload", {{"method", "offload"}, {"io", "uring"}}, 400, "io"},
        wrong_case{"mark_zero", {{"method", "stream"}, {"high_water_mark", "0"}}, 400, "high_water_mark"},
        wrong_case{"mark_huge", {{"method", "stream"}, {"high_water_mark", "99999999999"}}, 400, "high_water_mark"},
        wrong_case{"slice_zero", {{"method", "partition"}, {"slice_us", "0"}}, 400, "slice_us"},
        wrong_case{"slice_huge", {{"method", "partition"}, {"slice_us", "1000001"}}, 400, "slice_us"},
        wrong_case{"durability_unknown", {{"method", "sync"}, {"durability", "tape"}}, 400, "durability"},
        wrong_case{"verify_unknown", {{"method", "sync"}, {"verify", "yes"}}, 400, "verify"}),
    [](const auto& each) { return each.param.name; });

TEST(write_request, without_a_ring_refuse_uring_and_say_why) {
  const auto wrong = problem_of({{"method", "stream"}, {"io", "uring"}}, no_ring);
  EXPECT_EQ(wrong.status, 400u);
  EXPECT_NE(wrong.detail.find("no io_uring"), std::string::npos);
}

TEST(write_request, of_offload_accept_threads_which_it_runs_on) {
  EXPECT_TRUE(accepts({{"method", "offload"}, {"io", "threads"}}));
  EXPECT_FALSE(accepts({{"method", "partition"}, {"io", "threads"}}));
}

TEST(write_request, without_a_ring_accept_auto) {
  EXPECT_TRUE(accepts({{"method", "stream"}, {"io", "auto"}}, no_ring));
}

TEST(write_request, name_a_limit_and_the_estimate_when_the_count_is_over_it) {
  auto wrong = problem_of({{"method", "sync"}, {"count", "100000001"}});
  EXPECT_EQ(wrong.extensions["limit"], 100'000'000u);
  EXPECT_EQ(wrong.extensions["estimate"], 100'000'001u);
}

TEST(write_request, have_the_documented_defaults) {
  const auto request = std::get<writers::write_request>(parse({{"method", "stream"}}));
  EXPECT_EQ(request.count, 1'000'000u);
  EXPECT_EQ(request.high_water_mark_bytes, 65'536u);
  EXPECT_FALSE(request.slice);  // partition has its own, callback has none
  EXPECT_EQ(request.durable, writers::durability::cache);
  EXPECT_FALSE(request.verify);
  EXPECT_EQ(request.io.id, writers::back_end::threads);
}

TEST(write_request, are_all_read) {
  const auto request = std::get<writers::write_request>(parse({{"count", "12"},
                                                               {"io", "threads"},
                                                               {"high_water_mark", "16384"},
                                                               {"slice_us", "100"},
                                                               {"durability", "disk"},
                                                               {"verify", "true"},
                                                               {"method", "await"}}));
  EXPECT_EQ(request.method, writers::find_method("promise"));
  EXPECT_EQ(request.count, 12u);
  EXPECT_EQ(request.high_water_mark_bytes, 16'384u);
  EXPECT_EQ(request.slice, std::chrono::microseconds{100});
  EXPECT_EQ(request.durable, writers::durability::disk);
  EXPECT_TRUE(request.verify);
  EXPECT_EQ(request.io.reason, "asked for");
}

}  // namespace
}  // namespace loopscope::routes
