#include "problem.hpp"

namespace loopscope::http {

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
  answer.body = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  return answer;
}

}  // namespace loopscope::http
