// SPDX-License-Identifier: MIT

#include "server/support/standard_streams.hpp"

#include <gtest/gtest.h>

namespace loopscope {
namespace {

TEST(escape_control_characters, leaves_printable_text_and_utf_8_as_they_are) {
  const std::string text = "/tmp/Gr\u00fc\u00dfe \u65e5\u672c 'a' \\n \xff";
  EXPECT_EQ(escape_control_characters(text), text);
}

TEST(escape_control_characters, shows_control_characters) {
  EXPECT_EQ(escape_control_characters("a\nb\tc\rd"), R"(a\nb\tc\x0dd)");
  EXPECT_EQ(escape_control_characters(std::string_view{"\0\x1b[2J\x7f", 6}), R"(\x00\x1b[2J\x7f)");
}

TEST(escape_control_characters, shows_those_that_utf_8_writes_in_two_bytes) {
  EXPECT_EQ(escape_control_characters("\u009b31m"), R"(\xc2\x9b31m)");
  EXPECT_EQ(escape_control_characters("\u00a0"), "\u00a0");  // a no-break space is none
}

TEST(blocking_write_all, keeps_the_text_that_was_not_written) {
  std::string_view text = "text";
  EXPECT_EQ(blocking_write_all(-1, text), std::errc::bad_file_descriptor);
  EXPECT_EQ(text, "text");
}

}  // namespace
}  // namespace loopscope
