#include "url.hpp"

#include <boost/asio/error.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace loopscope::probe {

boost::system::result<http_url> parse_http_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return parsed.error();
  if (parsed->scheme_id() != boost::urls::scheme::http || parsed->encoded_host_address().empty()) {
    return boost::system::error_code(boost::asio::error::invalid_argument);
  }
  http_url to;
  to.host = parsed->host_address();
  to.port = parsed->port().empty() ? "80" : std::string(std::string_view(parsed->port()));
  to.target = parsed->encoded_path().empty() ? "/" : std::string(std::string_view(parsed->encoded_path()));
  if (parsed->has_query()) to.target.append("?").append(std::string_view(parsed->encoded_query()));
  to.host_header = std::string(std::string_view(parsed->encoded_host_and_port()));
  return to;
}

}  // namespace loopscope::probe
