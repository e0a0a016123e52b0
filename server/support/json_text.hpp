#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace loopscope {

/// JSON as text, for everything that leaves the process: dump() itself throws where a string is not UTF-8, as a path or
/// a client's query may be. Such bytes become U+FFFD.
///
/// One line; `indent` spaces a level for people. A test forbids dump() elsewhere in server/.
inline std::string json_text(const nlohmann::ordered_json& value, int indent = -1) {
  return value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// The same in ASCII, every other character escaped: for terminals and logs.
inline std::string ascii_json_text(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace loopscope
