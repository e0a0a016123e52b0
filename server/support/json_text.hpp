// SPDX-License-Identifier: MIT

#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace loopscope {

/// JSON as text, for everything that leaves the process. dump() alone throws if a string is not UTF-8, as a path or a
/// client's query may be; here such bytes become U+FFFD.
///
/// One line, or with `indent` spaces for each level. A test forbids dump() elsewhere in server/.
inline std::string json_text(const nlohmann::ordered_json& value, int indent = -1) {
  return value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// The same in ASCII, with every other character escaped: for terminals and logs.
inline std::string ascii_json_text(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace loopscope
