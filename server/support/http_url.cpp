// SPDX-License-Identifier: MIT

#include "http_url.hpp"

#include <boost/asio/error.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace loopscope {

boost::system::result<http_url> parse_http_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return parsed.error();
  if (parsed->scheme_id() != boost::urls::scheme::http || parsed->encoded_host_address().empty()) {
    return boost::system::error_code(boost::asio::error::invalid_argument);
  }
  http_url url;
  url.host = parsed->host_address();
  url.port = parsed->port().empty() ? "80" : std::string(std::string_view(parsed->port()));
  url.target = parsed->encoded_path().empty() ? "/" : std::string(std::string_view(parsed->encoded_path()));
  if (parsed->has_query()) url.target.append("?").append(std::string_view(parsed->encoded_query()));
  url.host_header = std::string(std::string_view(parsed->encoded_host_and_port()));
  return url;
}

}  // namespace loopscope
