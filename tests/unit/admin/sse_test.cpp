// SPDX-License-Identifier: MIT

#include "server/admin/sse.hpp"

#include <gtest/gtest.h>

namespace loopscope::admin::sse {
namespace {

TEST(sse, an_event_has_id_type_data_and_an_empty_line) {
  EXPECT_EQ(event(7, "sample", "{\"a\":1}"), "id: 7\nevent: sample\ndata: {\"a\":1}\n\n");
}

TEST(sse, every_line_of_data_is_a_data_field) {
  EXPECT_EQ(event(1, "x", "a\nb\r\nc\rd"), "id: 1\nevent: x\ndata: a\ndata: b\ndata: c\ndata: d\n\n");
}

TEST(sse, data_cannot_start_a_field_or_end_the_event) {
  EXPECT_EQ(event(1, "x", "a\n\nid: 9"), "id: 1\nevent: x\ndata: a\ndata: \ndata: id: 9\n\n");
}

TEST(sse, empty_data_is_one_empty_field) {
  EXPECT_EQ(event(1, "x", ""), "id: 1\nevent: x\ndata: \n\n");
}

TEST(sse, the_reconnection_time_is_in_milliseconds) {
  EXPECT_EQ(retry(std::chrono::seconds{2}), "retry: 2000\n\n");
}

TEST(sse, a_comment_starts_with_a_colon) {
  EXPECT_EQ(comment("still here"), ": still here\n\n");
}

}  // namespace
}  // namespace loopscope::admin::sse
