#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "response.hpp"

namespace loopscope::http {

/// An error as clients get it: application/problem+json.
///
/// Source: RFC 9457.
struct problem {
  unsigned status = 500;
  std::string detail = {};
  /// Members beside the standard ones: parameter, given, allowed, estimate, limit, ...
  nlohmann::ordered_json extensions = nlohmann::ordered_json::object();
  std::string title = {};  ///< empty: the status's reason phrase
  std::string type = "about:blank";
};

/// Text that is not UTF-8 is shown with replacement characters.
response to_response(const problem& what);

}  // namespace loopscope::http
