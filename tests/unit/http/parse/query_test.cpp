// SPDX-License-Identifier: MIT

#include "server/http/parse/target.hpp"

#include <gtest/gtest.h>

namespace loopscope::http {
namespace {

std::string shown(std::string_view raw) {
  const auto parsed = parse_query(raw);
  if (parsed.malformed) return "malformed " + parsed.malformed->name + "=" + parsed.malformed->value;
  std::string text;
  for (const auto& [name, value] : parsed.list) text += "[" + name + "=" + value + "]";
  return text;
}

TEST(query, keeps_order_and_repetitions) {
  EXPECT_EQ(shown("b=1&a=2&b=3"), "[b=1][a=2][b=3]");
}

TEST(query, decodes_percent_and_plus) {
  EXPECT_EQ(shown("a%20b=c+d%2Be"), "[a b=c d+e]");
  EXPECT_EQ(shown("x=%E2%82%AC"), "[x=\xE2\x82\xAC]");
}

TEST(query, keeps_a_nul_and_line_ends_as_data) {
  const auto parsed = parse_query("a=%00%0d%0a");
  ASSERT_EQ(parsed.list.size(), 1U);
  EXPECT_EQ(parsed.list[0].value, std::string("\0\r\n", 3));
}

TEST(query, tells_names_without_values_and_empty_parts) {
  EXPECT_EQ(shown("a&b="), "[a=][b=]");
  EXPECT_EQ(shown("&&a=1&"), "[a=1]");
  EXPECT_EQ(shown("=1"), "[=1]");
  EXPECT_EQ(shown(""), "");
}

TEST(query, reads_no_further_than_its_end) {
  const std::string_view text = "a=1&b=2 HTTP/1.1";
  EXPECT_EQ(shown(text.substr(0, 7)), "[a=1][b=2]");
}

TEST(query, names_the_first_malformed_parameter) {
  EXPECT_EQ(shown("a=1&count=%zz&b=%"), "malformed count=%zz");
  EXPECT_EQ(shown("a%2=1"), "malformed a%2=1");
  EXPECT_EQ(shown("a=\"x\""), "malformed a=\"x\"");
  EXPECT_EQ(shown("a=1&b%"), "malformed b%=");
}

}  // namespace
}  // namespace loopscope::http
