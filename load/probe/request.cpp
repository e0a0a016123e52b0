// SPDX-License-Identifier: MIT

#include "request.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/url/parse.hpp>

namespace loopscope::probe {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const auto allowed = [marks](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           marks.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

void append_field(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\r\n");
}

/// True for methods whose requests have a Content-Length even without a body.
bool has_length_without_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

bool is_method(std::string_view text) {
  return is_token(text) && text != "CONNECT";
}

bool is_idempotent(std::string_view method) {
  constexpr std::array<std::string_view, 6> idempotent{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
  return std::find(idempotent.begin(), idempotent.end(), method) != idempotent.end();
}

std::optional<http_request> parse_request_line(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view method = text.substr(0, space);
  const std::string_view target = text.substr(space + 1);
  if (http::string_to_verb(method) == http::verb::unknown || !is_method(method)) return std::nullopt;
  if (!target.starts_with('/') || !boost::urls::parse_relative_ref(target)) return std::nullopt;
  return http_request{std::string(method), std::string(target)};
}

std::optional<header_field> parse_header_field(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || !is_token(text.substr(0, colon))) return std::nullopt;
  const std::string_view value = trimmed(text.substr(colon + 1));
  const auto is_control = [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; };
  if (std::any_of(value.begin(), value.end(), is_control)) return std::nullopt;
  return header_field{std::string(text.substr(0, colon)), std::string(value)};
}

bool is_own_field(std::string_view name) {
  constexpr std::array<std::string_view, 4> own{"Content-Length", "Transfer-Encoding", "Connection", "Upgrade"};
  return std::any_of(own.begin(), own.end(), [name](std::string_view field) { return iequals(field, name); });
}

std::string request_text(const http_url& url, const http_request& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : {header_field{"Host", url.host_header}, {"User-Agent", "loopscope-probe"}}) {
    const auto replaces = [&name = name](const header_field& field) { return iequals(field.name, name); };
    if (std::none_of(request.headers.begin(), request.headers.end(), replaces)) append_field(text, name, value);
  }
  for (const auto& [name, value] : request.headers) append_field(text, name, value);
  if (request.body) {
    append_field(text, "Content-Length", std::to_string(request.body->size()));
  } else if (has_length_without_body(request.method)) {
    append_field(text, "Content-Length", "0");
  }
  return text + "\r\n" + request.body.value_or("");
}

expected_statuses::expected_statuses() : text_("2xx") {
  add(text_);
}

std::optional<expected_statuses> expected_statuses::parse(std::string_view text) {
  expected_statuses parsed;
  parsed.statuses_.reset();
  parsed.text_ = text;
  for (;;) {
    const auto comma = text.find(',');
    if (!parsed.add(text.substr(0, comma))) return std::nullopt;
    if (comma == std::string_view::npos) return parsed;
    text.remove_prefix(comma + 1);
  }
}

bool expected_statuses::add(std::string_view item) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (item.size() != 3 || item[0] < '2' || item[0] > '5') return false;
  const auto digit = [&item](std::size_t at) { return static_cast<std::size_t>(item[at] - '0'); };
  if (item.substr(1) == "xx") {
    for (std::size_t status = digit(0) * 100; status < (digit(0) + 1) * 100; ++status) statuses_.set(status);
    return true;
  }
  if (!std::all_of(item.begin(), item.end(), is_digit)) return false;
  statuses_.set(digit(0) * 100 + digit(1) * 10 + digit(2));
  return true;
}

}  // namespace loopscope::probe
