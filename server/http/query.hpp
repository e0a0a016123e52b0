#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loopscope::http {

/// One name=value of a query, decoded. A name without "=" has an empty value.
struct parameter {
  std::string name;
  std::string value;
};

/// The parameters of a query in their order, repeated ones included.
struct query_parameters {
  std::vector<parameter> list;
  /// The first parameter that is not valid, as it was sent; `list` is then empty.
  std::optional<parameter> malformed;
};

/// Decodes percent-encoding and "+" as a space. `raw` is what follows the "?".
query_parameters parse_query(std::string_view raw);

}  // namespace loopscope::http
