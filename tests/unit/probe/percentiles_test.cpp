// SPDX-License-Identifier: MIT

#include "load/probe/percentiles.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace loopscope::probe {
namespace {

std::vector<double> one_to(int last) {
  std::vector<double> values(static_cast<std::size_t>(last));
  std::iota(values.begin(), values.end(), 1);
  std::shuffle(values.begin(), values.end(), std::mt19937{1});
  return values;
}

TEST(percentiles, have_the_value_of_the_rank_whatever_the_order) {
  const percentiles sample(one_to(1000));
  EXPECT_EQ(sample.at(0.5), 500);
  EXPECT_EQ(sample.at(0.9), 900);
  EXPECT_EQ(sample.at(0.99), 990);
  EXPECT_EQ(sample.at(0.999), 999);
  EXPECT_EQ(sample.at(0.0001), 1);
  EXPECT_EQ(sample.at(1), 1000);
  EXPECT_EQ(sample.max(), 1000);
  EXPECT_EQ(sample.mean(), 500.5);
}

TEST(percentiles, have_the_rank_of_decimal_arithmetic) {
  const percentiles sample(one_to(100));
  for (int rank = 1; rank <= 100; ++rank) EXPECT_EQ(sample.at(rank / 100.0), rank);
  EXPECT_EQ(sample.at(0.0701), 8);
  EXPECT_EQ(sample.at(0), 1);
}

TEST(percentiles, of_few_values_are_the_highest) {
  const percentiles sample({3, 1});
  EXPECT_EQ(sample.at(0.5), 1);
  EXPECT_EQ(sample.at(0.9), 3);
  EXPECT_EQ(sample.at(0.999), 3);
}

TEST(percentiles, count_values_up_to_one) {
  const percentiles sample({2, 1, 2, 5});
  EXPECT_EQ(sample.count_up_to(0.5), 0u);
  EXPECT_EQ(sample.count_up_to(2), 3u);
  EXPECT_EQ(sample.count_up_to(5), 4u);
}

TEST(percentiles, of_nothing_are_nothing) {
  const percentiles sample;
  EXPECT_EQ(sample.count(), 0u);
  EXPECT_FALSE(sample.at(0.5));
  EXPECT_FALSE(sample.max());
  EXPECT_FALSE(sample.mean());
  EXPECT_FALSE(sample.standard_deviation());
}

TEST(percentiles, deviation_is_that_of_the_whole_population) {
  EXPECT_NEAR(*percentiles({2, 4, 4, 4, 5, 5, 7, 9}).standard_deviation(), 2, 1e-9);
}

}  // namespace
}  // namespace loopscope::probe
