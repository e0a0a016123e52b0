#include "server/routes/write_parameters.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace loopscope::routes {
namespace {

using given = std::vector<http::parameter>;

const writers::uring_support ring{true, "io_uring is available"};
const writers::uring_support no_ring{false, "this kernel has no io_uring (ENOSYS)"};

write_parameters parse(const given& parameters, const writers::uring_support& uring = ring) {
  return parse_write_parameters(parameters, runs::run_limits{}, uring);
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
  const auto parsed = parse(GetParam().parameters);
  ASSERT_TRUE(parsed.wrong);
  EXPECT_EQ(parsed.wrong->status, GetParam().status);
  EXPECT_EQ(parsed.wrong->extensions["parameter"], GetParam().parameter);
  EXPECT_NE(parsed.wrong->detail.find("'" + GetParam().parameter + "'"), std::string::npos) << parsed.wrong->detail;
  EXPECT_NE(parsed.wrong->detail.find("allowed:"), std::string::npos) << parsed.wrong->detail;
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

TEST(write_parameters, without_a_ring_refuse_uring_and_say_why) {
  const auto parsed = parse({{"method", "stream"}, {"io", "uring"}}, no_ring);
  ASSERT_TRUE(parsed.wrong);
  EXPECT_EQ(parsed.wrong->status, 400u);
  EXPECT_NE(parsed.wrong->detail.find("no io_uring"), std::string::npos);
}

TEST(write_parameters, of_offload_accept_threads_which_it_runs_on) {
  EXPECT_FALSE(parse({{"method", "offload"}, {"io", "threads"}}).wrong);
  EXPECT_TRUE(parse({{"method", "partition"}, {"io", "threads"}}).wrong);
}

TEST(write_parameters, without_a_ring_accept_auto) {
  EXPECT_FALSE(parse({{"method", "stream"}, {"io", "auto"}}, no_ring).wrong);
}

TEST(write_parameters, name_a_limit_and_the_estimate_when_the_count_is_over_it) {
  const auto parsed = parse({{"method", "sync"}, {"count", "100000001"}});
  EXPECT_EQ(parsed.wrong->extensions["limit"], 100'000'000u);
  EXPECT_EQ(parsed.wrong->extensions["estimate"], 100'000'001u);
}

TEST(write_parameters, have_the_documented_defaults) {
  const auto parsed = parse({{"method", "stream"}});
  ASSERT_FALSE(parsed.wrong);
  EXPECT_EQ(parsed.request.count, 1'000'000u);
  EXPECT_EQ(parsed.request.high_water_mark_bytes, 65'536u);
  EXPECT_FALSE(parsed.request.slice);  // partition has its own, callback has none
  EXPECT_EQ(parsed.request.durable, writers::durability::cache);
  EXPECT_FALSE(parsed.request.verify);
  EXPECT_EQ(parsed.io, writers::back_end_choice::automatic);
}

TEST(write_parameters, are_all_read) {
  const auto parsed = parse({{"count", "12"},
                             {"io", "threads"},
                             {"high_water_mark", "16384"},
                             {"slice_us", "100"},
                             {"durability", "disk"},
                             {"verify", "true"},
                             {"method", "await"}});
  ASSERT_FALSE(parsed.wrong);
  EXPECT_EQ(parsed.request.id, writers::method::promise);
  EXPECT_EQ(parsed.request.count, 12u);
  EXPECT_EQ(parsed.request.high_water_mark_bytes, 16'384u);
  EXPECT_EQ(parsed.request.slice, std::chrono::microseconds{100});
  EXPECT_EQ(parsed.request.durable, writers::durability::disk);
  EXPECT_TRUE(parsed.request.verify);
  EXPECT_EQ(parsed.io, writers::back_end_choice::threads);
}

}  // namespace
}  // namespace loopscope::routes
