#include "url.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <sstream>

namespace loopscope::probe {

namespace http = boost::beast::http;

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

std::optional<request_line> parse_request_line(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const http::verb method = http::string_to_verb(text.substr(0, space));
  const std::string_view target = text.substr(space + 1);
  if (method == http::verb::unknown || method == http::verb::connect) return std::nullopt;
  if (!target.starts_with('/') || !boost::urls::parse_relative_ref(target)) return std::nullopt;
  return request_line{method, std::string(target)};
}

std::string request_text(const http_url& to, const request_line& asked) {
  http::request<http::empty_body> request(asked.method, asked.target, 11);
  request.set(http::field::host, to.host_header);
  request.set(http::field::user_agent, "loopscope-probe");
  request.prepare_payload();
  std::ostringstream text;
  text << request;
  return text.str();
}

}  // namespace loopscope::probe
