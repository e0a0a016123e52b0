#include "json_values.hpp"

#include <utility>

#include "server/support/json_text.hpp"

namespace loopscope::admin {

http::response json_answer(const json& value) {
  return http::response::json(json_text(value, 2) + "\n").with("Cache-Control", "no-store");
}

http::response text_answer(std::string text, unsigned status) {
  return http::response::text(std::move(text), status).with("Cache-Control", "no-store");
}

}  // namespace loopscope::admin
