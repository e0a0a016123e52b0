// SPDX-License-Identifier: MIT

#include "server/metrics/request_counters.hpp"

#include <gtest/gtest.h>

#include "families_text.hpp"

namespace loopscope::metrics {
namespace {

using namespace std::chrono_literals;
using testing::value_of;

using loops = std::vector<std::unique_ptr<request_counters>>;

loops make(std::size_t count) {
  loops out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(std::make_unique<request_counters>(std::vector<std::string>{"/hello", "/write"}));
  return out;
}

std::string requests(const loops& counters, const std::string& route, const std::string& status) {
  const std::string labels = "{route=\"" + route + "\",status=\"" + status + "\"}";
  return value_of(request_families(counters), "loopscope_http_requests_total" + labels);
}

std::string bucket(const loops& counters, const std::string& route, const std::string& bound) {
  const std::string labels = "{route=\"" + route + "\",le=\"" + bound + "\"}";
  return value_of(request_families(counters), "loopscope_http_request_duration_seconds_bucket" + labels);
}

TEST(request_counters, every_route_is_there_before_its_first_request) {
  const auto one = make(1);
  EXPECT_EQ(requests(one, "/hello", "200"), "0");
  EXPECT_EQ(requests(one, "/write", "200"), "0");
  EXPECT_EQ(requests(one, "other", "404"), "0");
  EXPECT_EQ(bucket(one, "/write", "+Inf"), "0");
}

TEST(request_counters, counts_by_route_and_status) {
  const auto one = make(1);
  one[0]->count("/hello", 200, 10us);
  one[0]->count("/hello", 200, 10us);
  one[0]->count("/write", 429, 10us);
  EXPECT_EQ(requests(one, "/hello", "200"), "2");
  EXPECT_EQ(requests(one, "/write", "429"), "1");
  EXPECT_EQ(requests(one, "/write", "200"), "0");
}

TEST(request_counters, adds_up_the_loops) {
  const auto two = make(2);
  two[0]->count("/hello", 200, 10us);
  two[1]->count("/hello", 200, 10us);
  EXPECT_EQ(requests(two, "/hello", "200"), "2");
  EXPECT_EQ(bucket(two, "/hello", "+Inf"), "2");
}

TEST(request_counters, a_path_that_is_no_route_does_not_become_a_label) {
  const auto one = make(1);
  one[0]->count("/secret", 404, 10us);
  EXPECT_EQ(requests(one, "other", "404"), "1");
  EXPECT_EQ(requests(one, "/secret", "404"), "");
}

TEST(request_counters, a_request_that_could_not_be_read_has_a_status_but_no_duration) {
  const auto one = make(1);
  one[0]->count_unreadable(431);
  EXPECT_EQ(requests(one, "other", "431"), "1");
  EXPECT_EQ(bucket(one, "other", "+Inf"), "0");
}

TEST(request_counters, a_bound_belongs_to_its_bucket) {
  const auto one = make(1);
  one[0]->count("/hello", 200, 1ms);
  one[0]->count("/hello", 200, 1ms + 1us);
  one[0]->count("/hello", 200, 1h);
  EXPECT_EQ(bucket(one, "/hello", "0.0005"), "0");
  EXPECT_EQ(bucket(one, "/hello", "0.001"), "1");
  EXPECT_EQ(bucket(one, "/hello", "0.0025"), "2");
  EXPECT_EQ(bucket(one, "/hello", "60"), "2");
  EXPECT_EQ(bucket(one, "/hello", "+Inf"), "3");
}

TEST(request_counters, a_status_that_is_none_is_counted_all_the_same) {
  const auto one = make(1);
  one[0]->count("/hello", 0, 1us);
  one[0]->count("/hello", 7000, 1us);
  EXPECT_EQ(requests(one, "/hello", "599"), "2");
}

}  // namespace
}  // namespace loopscope::metrics
