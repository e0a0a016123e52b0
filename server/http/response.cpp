#include "response.hpp"

#include <boost/beast/http/status.hpp>

namespace loopscope::http {

response response::text(std::string body, unsigned status) {
  response answer;
  answer.status = status;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = std::move(body);
  return answer;
}

response response::json(std::string body, unsigned status) {
  response answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = std::move(body);
  return answer;
}

std::string_view reason_phrase(unsigned status) {
  const auto text = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return text.data() == nullptr || text.starts_with('<') ? "Unknown" : std::string_view(text.data(), text.size());
}

}  // namespace loopscope::http
