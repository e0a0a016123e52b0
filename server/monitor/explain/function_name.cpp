// SPDX-License-Identifier: MIT

#include "function_name.hpp"

#include <boost/core/demangle.hpp>
#include <cstddef>
#include <filesystem>

namespace loopscope::monitor {
namespace {

constexpr std::string_view anonymous = "(anonymous namespace)::";
constexpr std::string_view clang_lambda = "$_";
constexpr std::string_view operator_word = "operator";

char closing(char open) {
  switch (open) {
    case '(':
      return ')';
    case '<':
      return '>';
    case '[':
      return ']';
    default:
      return '}';
  }
}

// The position after the bracket that closes the bracket at `at`.
std::size_t skip_bracket(std::string_view text, std::size_t at) {
  std::string expected;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    const bool arrow = c == '>' && at > 0 && text[at - 1] == '-';
    if (c == '(' || c == '<' || c == '[' || c == '{') {
      expected.push_back(closing(c));
    } else if (!arrow && !expected.empty() && c == expected.back()) {
      expected.pop_back();
      if (expected.empty()) return at + 1;
    }
  }
  return text.size();
}

bool continues_identifier(char c) {
  return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

// The length of an operator's name from the start of the word: "operator()", "operator+=", "operator bool".
std::size_t operator_length(std::string_view text) {
  auto end = operator_word.size();
  if (text.substr(end).starts_with("()")) return end + 2;
  if (end < text.size() && text[end] == ' ') return std::min(text.find('(', end), text.size());
  while (end < text.size() && text[end] != '(' && !continues_identifier(text[end])) ++end;
  return end;
}

// The length of a cv-qualifier, ref-qualifier or noexcept at the start of the text; 0 if there is none.
std::size_t qualifier_length(std::string_view text) {
  for (const std::string_view word : {"const", "volatile", "&&", "&", "noexcept"}) {
    if (text.starts_with(word) && (text.size() == word.size() || !continues_identifier(text[word.size()]))) {
      return word.size();
    }
  }
  return 0;
}

}  // namespace

std::string demangle(const char* symbol) {
  const std::string_view text = symbol;
  if (text.starts_with("_Z")) return boost::core::demangle(symbol);
  return std::string(text.substr(0, text.find('.', 1)));
}

std::string tidy_function(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = text.substr(at);
    const char c = text[at];
    if (rest.starts_with(anonymous)) {
      at += anonymous.size();
    } else if (rest.starts_with(operator_word) && (at == 0 || !continues_identifier(text[at - 1])) &&
               (rest.size() == operator_word.size() || !continues_identifier(rest[operator_word.size()]))) {
      const auto length = operator_length(rest);
      out += rest.substr(0, length);
      at += length;
    } else if (rest.starts_with(clang_lambda) && (at == 0 || text[at - 1] == ':')) {
      out += "{lambda}";
      at = std::min(text.find_first_not_of("0123456789", at + clang_lambda.size()), text.size());
    } else if (c == '{') {
      const auto end = skip_bracket(text, at);
      const auto name_end = rest.find_first_of("(#} ");
      out += rest.substr(0, std::min(name_end, rest.size()));
      out += '}';
      at = end;
    } else if (rest.starts_with("<lambda") && (at == 0 || text[at - 1] == ':' || text[at - 1] == '~')) {
      out += "{lambda}";
      at = skip_bracket(text, at);
    } else if (c == '(' || c == '<' || c == '[') {
      at = skip_bracket(text, at);
    } else if (c == ' ') {
      // The text before a space is the return type, unless a qualifier or a compiler's note in brackets follows.
      const auto qualifier = qualifier_length(rest.substr(1));
      if (qualifier == 0 && rest.size() > 1 && rest[1] != '[') out.clear();
      at += 1 + qualifier;
    } else {
      out += c;
      ++at;
    }
  }
  return out;
}

std::string short_function(std::string_view tidy) {
  auto begin = tidy.rfind("::");
  while (begin != std::string_view::npos) {
    const auto last = tidy.substr(begin + 2);
    const bool needs_parent = last.starts_with('{') || last.starts_with('~') || last.starts_with(operator_word);
    if (!needs_parent) break;
    if (begin == 0) return std::string(tidy);
    begin = tidy.rfind("::", begin - 1);
  }
  return std::string(begin == std::string_view::npos ? tidy : tidy.substr(begin + 2));
}

std::string relative_file(std::string_view file, std::string_view root) {
  if (file.empty()) return {};
  auto normal = std::filesystem::path(file).lexically_normal().string();
  if (!root.empty() && normal.size() > root.size() && normal.starts_with(root) && normal[root.size()] == '/') {
    normal.erase(0, root.size() + 1);
  }
  return normal;
}

}  // namespace loopscope::monitor
