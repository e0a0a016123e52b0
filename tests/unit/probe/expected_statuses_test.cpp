#include "load/probe/expected_statuses.hpp"

#include <gtest/gtest.h>

namespace loopscope::probe {
namespace {

TEST(expected_statuses, are_those_of_success_unless_told_otherwise) {
  const expected_statuses usual;
  EXPECT_EQ(usual.text(), "2xx");
  for (const unsigned status : {200u, 299u}) EXPECT_TRUE(usual.match(status)) << status;
  for (const unsigned status : {0u, 199u, 300u, 404u, 429u, 500u, 999u}) EXPECT_FALSE(usual.match(status)) << status;
}

TEST(expected_statuses, are_a_list_of_statuses_and_classes) {
  const auto asked = expected_statuses::parse("204,4xx");
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->text(), "204,4xx");
  for (const unsigned status : {204u, 400u, 429u, 499u}) EXPECT_TRUE(asked->match(status)) << status;
  for (const unsigned status : {200u, 203u, 205u, 399u, 500u}) EXPECT_FALSE(asked->match(status)) << status;
}

TEST(expected_statuses, refuse_other_text) {
  for (const char* text :
       {"", ",", "200,", "20", "2000", "2x", "2xxx", "XX2", "1xx", "6xx", "199", "600", "2XX", "200 ", "-20", "2x0"}) {
    EXPECT_FALSE(expected_statuses::parse(text)) << text;
  }
}

}  // namespace
}  // namespace loopscope::probe
