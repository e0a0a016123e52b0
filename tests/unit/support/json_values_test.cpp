// SPDX-License-Identifier: MIT

#include "server/support/json_values.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "server/support/json_text.hpp"

namespace loopscope {
namespace {

using namespace std::chrono_literals;
using json = nlohmann::ordered_json;
using std::chrono::system_clock;

TEST(json_values, a_timestamp_is_rfc_3339_in_utc_with_milliseconds) {
  EXPECT_EQ(timestamp(system_clock::time_point{1'769'850'301'007ms}), "2026-01-31T09:05:01.007Z");
}

TEST(json_values, a_timestamp_before_1970_keeps_its_milliseconds_positive) {
  EXPECT_EQ(timestamp(system_clock::time_point{-1ms}), "1969-12-31T23:59:59.999Z");
}

TEST(json_values, an_unknown_value_is_null_and_zero_is_zero) {
  EXPECT_TRUE(milliseconds(std::nullopt).is_null());
  EXPECT_EQ(milliseconds(0ns), json(0.0));
  EXPECT_TRUE(rounded(std::nullopt).is_null());
  EXPECT_TRUE(rounded(std::numeric_limits<double>::quiet_NaN()).is_null());
  EXPECT_TRUE(text_or_null("").is_null());
}

TEST(json_values, times_have_three_decimals) {
  EXPECT_EQ(milliseconds(1'234'567ns), json(1.235));
  EXPECT_EQ(microseconds(1'234'567ns), json(1234.567));
}

TEST(json_text, replaces_bytes_that_are_not_utf_8) {
  EXPECT_EQ(json_text({{"query", "method=\xff"}}), "{\"query\":\"method=\xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace loopscope
