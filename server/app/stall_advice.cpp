// SPDX-License-Identifier: MIT

#include "stall_advice.hpp"

#include "server/http/parse/target.hpp"
#include "writers/method.hpp"

namespace loopscope::app {

std::string advise(const monitor::stall_record& stall) {
  if (!stall.request) return {};
  for (const auto& parameter : http::parse_query(stall.request->query).list) {
    if (parameter.name != "method") continue;
    const writers::method* method = writers::find_method(parameter.value);
    return method ? std::string{method->advice} : std::string{};
  }
  return {};
}

}  // namespace loopscope::app
