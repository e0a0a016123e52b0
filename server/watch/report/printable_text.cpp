// SPDX-License-Identifier: MIT

#include "printable_text.hpp"

#include <locale.h>
#include <wchar.h>
#include <wctype.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <span>
#include <vector>

namespace loopscope::watch {
namespace {

constexpr std::string_view ellipsis = "...";

/// Makes libc decode UTF-8 in this thread while it exists.
class utf8_scope {
 public:
  utf8_scope() : previous_(utf8() ? ::uselocale(utf8()) : nullptr) {}
  ~utf8_scope() {
    if (previous_) ::uselocale(previous_);
  }
  utf8_scope(const utf8_scope&) = delete;
  utf8_scope& operator=(const utf8_scope&) = delete;

 private:
  static locale_t utf8() {
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
  }

  locale_t previous_;
};

/// A character with the combining ones behind it.
struct character {
  std::string_view bytes;
  wchar_t code = 0;
  bool is_valid = false;
  std::size_t columns = 1;
};

/// Characters without a shape that move or hide the text around them.
bool changes_text(wchar_t code) {
  return (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

bool can_be_shown(const character& each) {
  return each.is_valid && ::iswprint(static_cast<wint_t>(each.code)) != 0 && ::wcwidth(each.code) >= 0 &&
         !changes_text(each.code);
}

character first_character(std::string_view text) {
  std::mbstate_t state{};
  wchar_t code = 0;
  const auto length = ::mbrtowc(&code, text.data(), text.size(), &state);
  if (length == 0) return {text.substr(0, 1), 0, true, 0};
  if (length > text.size()) return {text.substr(0, 1), 0, false, 1};
  return {text.substr(0, length), code, true, static_cast<std::size_t>(std::max(0, ::wcwidth(code)))};
}

std::vector<character> characters_of(std::string_view text) {
  const utf8_scope utf8;
  std::vector<character> out;
  while (!text.empty()) {
    const auto next = first_character(text);
    text.remove_prefix(next.bytes.size());
    if (next.columns == 0 && !out.empty()) {
      auto& base = out.back();
      base.bytes = {base.bytes.data(), base.bytes.size() + next.bytes.size()};
    } else {
      out.push_back(next);
    }
  }
  return out;
}

std::string formatted(const char* format, unsigned value) {
  std::array<char, 16> out{};
  std::snprintf(out.data(), out.size(), format, value);  // NOLINT(*-format-nonliteral): one of those below
  return out.data();
}

std::string escaped(const character& each) {
  switch (each.is_valid ? each.code : L'\0') {
    case L'\n':
      return "\\n";
    case L'\r':
      return "\\r";
    case L'\t':
      return "\\t";
    default:
      break;
  }
  if (!each.is_valid || each.code < 0x80) return formatted("\\x%02x", static_cast<unsigned char>(each.bytes.front()));
  const auto code = static_cast<unsigned>(each.code);
  return code <= 0xffff ? formatted("\\u%04x", code) : formatted("\\U%08x", code);
}

std::size_t columns_of(std::span<const character> text) {
  return std::accumulate(text.begin(), text.end(), std::size_t{0},
                         [](std::size_t sum, const character& each) { return sum + each.columns; });
}

std::string bytes_of(std::span<const character> text) {
  std::string out;
  for (const auto& each : text) out += each.bytes;
  return out;
}

std::size_t fitting_from_front(std::span<const character> text, std::size_t room) {
  std::size_t count = 0;
  for (; count < text.size() && text[count].columns <= room; ++count) room -= text[count].columns;
  return count;
}

std::size_t fitting_from_back(std::span<const character> text, std::size_t room) {
  std::size_t count = 0;
  for (; count < text.size() && text[text.size() - 1 - count].columns <= room; ++count)
    room -= text[text.size() - 1 - count].columns;
  return count;
}

std::string shorten_characters(std::span<const character> text, std::size_t max_columns) {
  if (columns_of(text) <= max_columns) return bytes_of(text);
  if (max_columns <= ellipsis.size()) return std::string{ellipsis.substr(0, max_columns)};
  const auto room = max_columns - ellipsis.size();
  const auto back = text.last(fitting_from_back(text, room / 2));
  const auto front = text.first(fitting_from_front(text, room - columns_of(back)));
  return bytes_of(front) + std::string{ellipsis} + bytes_of(back);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return out;
    out.push_back(text.substr(0, text.find(' ')));
    text.remove_prefix(out.back().size());
  }
}

}  // namespace

std::string printable(std::string_view text) {
  const utf8_scope utf8;
  std::string out;
  while (!text.empty()) {
    const auto next = first_character(text);
    text.remove_prefix(next.bytes.size());
    out += can_be_shown(next) ? std::string{next.bytes} : escaped(next);
  }
  return out;
}

std::size_t columns(std::string_view text) {
  return columns_of(characters_of(text));
}

std::string shorten(std::string_view text, std::size_t max_columns) {
  return shorten_characters(characters_of(text), max_columns);
}

std::string shorten_path(std::string_view path, std::size_t max_columns) {
  const auto all = characters_of(path);
  if (columns_of(all) <= max_columns) return std::string{path};
  if (max_columns <= ellipsis.size()) return std::string{ellipsis.substr(0, max_columns)};
  const auto rest = std::span{all}.last(fitting_from_back(all, max_columns - ellipsis.size()));
  const auto slash = std::ranges::find(rest, std::string_view{"/"}, &character::bytes);
  if (slash != rest.end() && slash + 1 != rest.end())
    return std::string{ellipsis} + bytes_of(rest.subspan(static_cast<std::size_t>(slash - rest.begin())));
  // The name alone is too long: its end may be no more than a suffix.
  const auto name = std::ranges::find(all.rbegin(), all.rend(), std::string_view{"/"}, &character::bytes).base();
  return shorten_characters({name, all.end()}, max_columns);
}

std::string align_left(std::string text, std::size_t width) {
  const auto used = columns(text);
  return used < width ? text.append(width - used, ' ') : text;
}

std::string align_right(std::string text, std::size_t width) {
  const auto used = columns(text);
  return used < width ? text.insert(0, width - used, ' ') : text;
}

std::string wrap(std::string_view text, std::size_t width, const std::string& first_indent,
                 const std::string& next_indent) {
  std::string out;
  auto line = first_indent;
  bool line_is_empty = true;
  for (const auto word : words_of(text)) {
    if (!line_is_empty && columns(line) + 1 + columns(word) > width) {
      out += line + '\n';
      line = next_indent;
      line_is_empty = true;
    }
    if (!line_is_empty) line += ' ';
    line += shorten(word, width - std::min(width, columns(line)));
    line_is_empty = false;
  }
  return out + line + '\n';
}

}  // namespace loopscope::watch
