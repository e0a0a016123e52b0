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

void put_field(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\r\n");
}

/// Methods whose request without a body says so.
bool announces_no_body(std::string_view method) {
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

std::optional<request> parse_request_line(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view method = text.substr(0, space);
  const std::string_view target = text.substr(space + 1);
  if (http::string_to_verb(method) == http::verb::unknown || !is_method(method)) return std::nullopt;
  if (!target.starts_with('/') || !boost::urls::parse_relative_ref(target)) return std::nullopt;
  return request{std::string(method), std::string(target)};
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

std::string request_text(const http_url& to, const request& asked) {
  std::string text = asked.method + " " + asked.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : {header_field{"Host", to.host_header}, {"User-Agent", "loopscope-probe"}}) {
    const auto replaces = [&name = name](const header_field& field) { return iequals(field.name, name); };
    if (std::none_of(asked.headers.begin(), asked.headers.end(), replaces)) put_field(text, name, value);
  }
  for (const auto& [name, value] : asked.headers) put_field(text, name, value);
  if (asked.body) {
    put_field(text, "Content-Length", std::to_string(asked.body->size()));
  } else if (announces_no_body(asked.method)) {
    put_field(text, "Content-Length", "0");
  }
  return text + "\r\n" + asked.body.value_or("");
}

}  // namespace loopscope::probe
