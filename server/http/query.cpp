#include "query.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace loopscope::http {
namespace {

namespace urls = boost::urls;

std::string decode(urls::pct_string_view encoded) {
  urls::encoding_opts options;
  options.space_as_plus = true;
  return encoded.decode(options);
}

// urls::parse_query() of Boost 1.81 reads on to the next NUL byte, so a query is parsed as part of a target.
std::string as_target(std::string_view raw) {
  return std::string("/?").append(raw);
}

/// Boost.URL says that a query is malformed, not where.
parameter first_malformed(std::string_view raw) {
  while (!raw.empty()) {
    const auto end = raw.find('&');
    const auto part = raw.substr(0, end);
    if (!urls::parse_origin_form(as_target(part))) {
      const auto name = part.substr(0, part.find('='));
      const auto value = part.substr(std::min(name.size() + 1, part.size()));
      return {std::string(name), std::string(value)};
    }
    if (end == std::string_view::npos) break;
    raw.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace

query_parameters parse_query(std::string_view raw) {
  query_parameters result;
  const auto target = as_target(raw);
  const auto parsed = urls::parse_origin_form(target);
  if (!parsed) {
    result.malformed = first_malformed(raw);
    return result;
  }
  for (const auto& each : parsed->encoded_params()) {
    if (each.key.empty() && !each.has_value) continue;
    result.list.push_back({decode(each.key), decode(each.value)});
  }
  return result;
}

}  // namespace loopscope::http
