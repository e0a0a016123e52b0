// SPDX-License-Identifier: MIT

#include "server/watch/report/printable_text.hpp"

#include <gtest/gtest.h>

namespace loopscope::watch {
namespace {

using namespace std::string_literals;

TEST(printable, escapes_what_would_control_the_terminal) {
  EXPECT_EQ(printable("\x1b[2Jx\ny\tz\x7f"), "\\x1b[2Jx\\ny\\tz\\x7f");
  EXPECT_EQ(printable("a\0b"s), "a\\x00b");
  EXPECT_EQ(printable("\xc2\x9b"), "\\u009b");  // CSI in one character
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "txt.exe"),
            "\\u202etxt.exe");                      // right to left
  EXPECT_EQ(printable("\xe2\x80\x8b"), "\\u200b");  // no width
}

TEST(printable, escapes_bytes_that_are_not_utf8) {
  EXPECT_EQ(printable("a\xff\xfe"
                      "b"),
            "a\\xff\\xfe"
            "b");
  EXPECT_EQ(printable("caf\xc3"), "caf\\xc3");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
}

TEST(printable, leaves_names_in_any_script) {
  for (const auto* each : {"server.js", "/srv/Größe.js", "日本語", "e\xcc\x81", "a\\b"})
    EXPECT_EQ(printable(each), each);
}

TEST(columns, counts_as_a_terminal_does) {
  EXPECT_EQ(columns("server"), 6U);
  EXPECT_EQ(columns("Größe"), 5U);
  EXPECT_EQ(columns("日本語"), 6U);
  EXPECT_EQ(columns("e\xcc\x81"), 1U);  // with a combining accent
}

TEST(shorten, leaves_out_the_middle) {
  EXPECT_EQ(shorten("node server.js", 14), "node server.js");
  EXPECT_EQ(shorten("node server.js", 13), "node ...er.js");
  EXPECT_EQ(shorten("node server.js", 3), "...");
  EXPECT_EQ(shorten("node server.js", 0), "");
}

TEST(shorten, never_cuts_a_character) {
  for (std::size_t room = 0; room < 20; ++room) {
    const auto cut = shorten("日本語e\xcc\x81日本語ÄÖÜ", room);
    EXPECT_LE(columns(cut), room);
    EXPECT_EQ(printable(cut), cut);
  }
}

TEST(shorten_path, keeps_the_end_from_a_slash_on) {
  EXPECT_EQ(shorten_path("/srv/app/routes/server.js", 25), "/srv/app/routes/server.js");
  EXPECT_EQ(shorten_path("/srv/app/routes/server.js", 24), ".../app/routes/server.js");
  EXPECT_EQ(shorten_path("/srv/app/routes/server.js", 23), ".../routes/server.js");
  EXPECT_EQ(shorten_path("/srv/app/routes/server.js", 13), ".../server.js");
  EXPECT_EQ(shorten_path("/srv/app/routes/server.js", 12), "server.js");
  EXPECT_EQ(shorten_path("/srv/app/routes/server.js", 8), "ser...js");
  EXPECT_EQ(shorten_path("a-very-long-name.js", 10), "a-ve....js");
}

TEST(align, pads_by_columns) {
  EXPECT_EQ(align_left("日本", 6), "日本  ");
  EXPECT_EQ(align_right("3.1 ms", 8), "  3.1 ms");
  EXPECT_EQ(align_right("3.1 ms", 2), "3.1 ms");
}

TEST(wrap, breaks_between_words_and_indents) {
  EXPECT_EQ(wrap("one two three four", 10, "- ", "  "), "- one two\n  three\n  four\n");
  EXPECT_EQ(wrap("", 10, "- ", "  "), "- \n");
  EXPECT_EQ(wrap("x incomprehensibilities", 12, "", "  "), "x\n  inco...ies\n");
}

}  // namespace
}  // namespace loopscope::watch
