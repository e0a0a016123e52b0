// SPDX-License-Identifier: MIT

#include "target.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/url/authority_view.hpp>
#include <boost/url/error.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/scheme.hpp>
#include <boost/url/url_view.hpp>

namespace loopscope::http {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr bool is_name_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

bool valid_port(std::string_view digits) {
  unsigned port = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
    if (port > 65535) return false;
  }
  return true;
}

namespace urls = boost::urls;

std::string decode(urls::pct_string_view encoded) {
  urls::encoding_opts options;
  options.space_as_plus = true;
  return encoded.decode(options);
}

// urls::parse_query() of Boost 1.81 reads on to the next NUL byte, so a query is parsed as part of a target.
std::string as_target(std::string_view raw) {
  return std::string("/?").append(raw);
}

/// Boost.URL says that a query is malformed, not where.
parameter first_malformed(std::string_view raw) {
  while (!raw.empty()) {
    const auto end = raw.find('&');
    const auto part = raw.substr(0, end);
    if (!urls::parse_origin_form(as_target(part))) {
      const auto name = part.substr(0, part.find('='));
      const auto value = part.substr(std::min(name.size() + 1, part.size()));
      return {std::string(name), std::string(value)};
    }
    if (end == std::string_view::npos) break;
    raw.remove_prefix(end + 1);
  }
  return {};
}

constexpr bool needs_no_grammar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '-' ||
         c == '_' || c == '.';
}

bool plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), needs_no_grammar);
}

bool looks_like_http_uri(std::string_view text) {
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const auto scheme = boost::urls::string_to_scheme(text.substr(0, scheme_end));
  const bool is_http = scheme == boost::urls::scheme::http || scheme == boost::urls::scheme::https;
  return is_http && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

boost::system::error_code malformed() {
  return boost::urls::error::not_a_base;
}

}  // namespace

bool valid_host(std::string_view value) {
  if (value.empty()) return false;
  const auto name_end = std::find_if_not(value.begin(), value.end(), is_name_char);
  const auto name_size = static_cast<std::size_t>(name_end - value.begin());
  // Names and IPv4 addresses, which is nearly always, need no grammar.
  if (name_size > 0 && name_end == value.end()) return true;
  if (name_size > 0 && *name_end == ':') return valid_port(value.substr(name_size + 1));

  const auto authority = boost::urls::parse_authority(value);
  return authority && !authority->has_userinfo() && !authority->encoded_host().empty() && valid_port(authority->port());
}

std::string_view host_name(std::string_view host_and_port) {
  if (host_and_port.starts_with('[')) {
    const auto end = host_and_port.find(']');
    return host_and_port.substr(0, end == std::string_view::npos ? end : end + 1);
  }
  return host_and_port.substr(0, host_and_port.find(':'));
}

bool same_host(std::string_view origin, std::string_view host_header) {
  const auto parsed = boost::urls::parse_uri(origin);
  if (!parsed || !parsed->has_authority() || parsed->has_userinfo()) return false;
  if (!parsed->encoded_path().empty() || parsed->has_query() || parsed->has_fragment()) return false;
  const std::string_view origin_host = parsed->encoded_host();
  const std::string_view host = host_name(host_header);
  return !host.empty() && boost::beast::iequals({origin_host.data(), origin_host.size()}, {host.data(), host.size()});
}

query_parameters parse_query(std::string_view raw) {
  query_parameters result;
  const auto target = as_target(raw);
  const auto parsed = urls::parse_origin_form(target);
  if (!parsed) {
    result.malformed = first_malformed(raw);
    return result;
  }
  for (const auto& each : parsed->encoded_params()) {
    if (each.key.empty() && !each.has_value) continue;
    result.list.push_back({decode(each.key), decode(each.value)});
  }
  return result;
}

boost::system::result<target_parts> parse_target(std::string_view target) {
  target_parts parts;
  if (target == "*") {
    parts.kind = target_parts::form::asterisk;
    parts.path = target;
    return parts;
  }
  std::string_view before_query = target;
  if (const auto mark = target.find('?'); mark != std::string_view::npos) {
    before_query = target.substr(0, mark);
    parts.query = target.substr(mark + 1);
    // '#' would end the query for a URL parser; nothing that is sent to a server may hold one.
    if (parts.query.find('#') != std::string_view::npos) return malformed();
  }
  if (before_query.starts_with('/')) {
    if (!plain(before_query)) {
      if (const auto parsed = boost::urls::parse_origin_form(before_query); !parsed) return parsed.error();
    }
    parts.path = before_query;
    return parts;
  }
  // Boost.URL 1.81 asserts on some text that is no URI, "x:\xeb" for instance: it is shown only what looks like one.
  if (!looks_like_http_uri(before_query)) return malformed();
  const auto parsed = boost::urls::parse_absolute_uri(before_query);
  if (!parsed) return parsed.error();
  if (!parsed->has_authority() || parsed->encoded_host().empty()) return malformed();
  parts.kind = target_parts::form::absolute;
  parts.authority = parsed->encoded_authority();
  parts.path = parsed->encoded_path();
  if (parts.path.empty()) parts.path = "/";
  // Boost.URL 1.81 takes "http://a:8b" for port 8 and path "b".
  if (!parts.path.starts_with('/')) return malformed();
  return parts;
}

}  // namespace loopscope::http
