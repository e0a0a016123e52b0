// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace loopscope::watch {

/// Text for a terminal, whatever a watched program calls itself and its files.
///
/// Columns are those of a terminal that shows UTF-8: wide characters take two, combining ones none.
/// Source: the width table of libc's locale C.UTF-8. Where libc has no such locale, only ASCII is shown as it is.

/// The text in one line, with control characters, those that change the direction of writing and bytes that are not
/// UTF-8 escaped as in C: "\n", "\x1b", "\u202e".
std::string printable(std::string_view text);

// The functions below take printable text. They never cut a character in two.

std::size_t columns(std::string_view text);
/// At most `max_columns` wide, with "..." for what is left out in the middle.
std::string shorten(std::string_view text, std::size_t max_columns);
/// The same for a path, which loses its beginning, up to a slash if there is one: ".../routes/server.js".
std::string shorten_path(std::string_view path, std::size_t max_columns);
std::string align_left(std::string text, std::size_t width);
std::string align_right(std::string text, std::size_t width);
/// Lines of at most `width` columns, each ended by a line feed, broken between words. The first one begins with
/// `first_indent`, the others with `next_indent`. A word that is longer than a line is shortened.
std::string wrap(std::string_view text, std::size_t width, const std::string& first_indent,
                 const std::string& next_indent);

}  // namespace loopscope::watch
