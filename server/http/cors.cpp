// SPDX-License-Identifier: MIT

#include "cors.hpp"

#include <boost/beast/core/string.hpp>

#include "parse/target.hpp"

namespace loopscope::http {

std::string_view allowed_origin(const request& asked) {
  const auto origin = asked.find(field::origin);
  return origin && same_host(*origin, asked.host()) ? *origin : std::string_view();
}

bool is_cross_site(const request& asked) {
  const auto site = asked.find("Sec-Fetch-Site");
  return site && boost::beast::iequals({site->data(), site->size()}, "cross-site");
}

response options_answer(const request& asked, const std::string& allowed) {
  response answer;
  answer.status = 204;
  answer.headers.emplace_back("Allow", allowed);
  const bool preflight = asked.find(field::access_control_request_method).has_value();
  if (preflight && !allowed_origin(asked).empty()) {
    answer.headers.emplace_back("Access-Control-Allow-Methods", allowed);
    answer.headers.emplace_back("Access-Control-Allow-Headers", "Content-Type");
    answer.headers.emplace_back("Access-Control-Max-Age", "600");
  }
  return answer;
}

}  // namespace loopscope::http
