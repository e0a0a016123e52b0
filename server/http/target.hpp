#pragma once

#include <boost/system/result.hpp>
#include <string_view>

namespace loopscope::http {

/// A request target, split but not decoded; views into the text that was parsed.
struct target_parts {
  enum class form { origin, absolute, asterisk };
  form kind = form::origin;
  std::string_view path;       ///< percent-encoded; "*" in asterisk form
  std::string_view query;      ///< without the "?"
  std::string_view authority;  ///< absolute form only
};

/// Errors: a Boost.URL error for what is no target of an http request. A query that is malformed is found
/// later, by parse_query(), which can name the parameter.
/// Source: RFC 9112, section 3.2.
boost::system::result<target_parts> parse_target(std::string_view target);

}  // namespace loopscope::http
