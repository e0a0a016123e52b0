// SPDX-License-Identifier: MIT

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "parse/target.hpp"
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

/// 400 about one parameter: its name, what was given and what is allowed, as extensions too.
problem wrong_parameter(std::string_view name, std::string_view given, const std::string& allowed,
                        const std::string& detail);
/// The same for a value that is not what is allowed.
problem not_allowed(const parameter& given, const std::string& allowed);
/// Quoted for people; what is long is cut.
std::string in_quotes(std::string_view text);

/// Text that is not UTF-8 is shown with replacement characters.
response to_response(const problem& what);

}  // namespace loopscope::http
