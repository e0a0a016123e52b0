// SPDX-License-Identifier: MIT

#include "problem.hpp"

#include "server/support/json_text.hpp"

namespace loopscope::http {

std::string in_quotes(std::string_view text) {
  constexpr std::size_t max_shown = 64;
  std::string shown{text.substr(0, max_shown)};
  if (text.size() > max_shown) shown += "...";
  return "'" + shown + "'";
}

problem wrong_parameter(std::string_view name, std::string_view given, const std::string& allowed,
                        const std::string& detail) {
  return {.status = 400, .detail = detail, .extensions = {{"parameter", name}, {"given", given}, {"allowed", allowed}}};
}

problem not_allowed(const parameter& given, const std::string& allowed) {
  return wrong_parameter(given.name, given.value, allowed,
                         "Parameter '" + given.name + "' is " + in_quotes(given.value) + "; allowed: " + allowed + ".");
}

response to_response(const problem& what) {
  using json = nlohmann::ordered_json;
  json body = {{"type", what.type},
               {"title", what.title.empty() ? std::string(reason_phrase(what.status)) : what.title},
               {"status", what.status},
               {"detail", what.detail}};
  for (const auto& [name, value] : what.extensions.items()) body[name] = value;

  response answer;
  answer.status = what.status;
  answer.content_type = "application/problem+json";
  answer.headers.emplace_back("Cache-Control", "no-store");
  answer.body = json_text(body) + "\n";
  return answer;
}

}  // namespace loopscope::http
