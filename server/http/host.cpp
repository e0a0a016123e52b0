#include "host.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/url/authority_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "ascii.hpp"

namespace loopscope::http {
namespace {

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

}  // namespace loopscope::http
