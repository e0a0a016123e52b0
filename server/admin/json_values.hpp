#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "server/http/response.hpp"
#include "server/support/json_values.hpp"

namespace loopscope::admin {

using json = nlohmann::ordered_json;

/// Indented for people, and never cached, because figures change.
http::response json_answer(const json& value);
http::response text_answer(std::string text, unsigned status = 200);

}  // namespace loopscope::admin
