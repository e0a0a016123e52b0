#include "target.hpp"

#include <algorithm>
#include <boost/url/error.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/scheme.hpp>
#include <boost/url/url_view.hpp>

namespace loopscope::http {
namespace {

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
