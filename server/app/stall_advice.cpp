#include "stall_advice.hpp"

#include "server/http/query.hpp"
#include "writers/method.hpp"

namespace loopscope::app {

std::string advise(const monitor::stall_record& stall) {
  if (!stall.request) return {};
  for (const auto& parameter : http::parse_query(stall.request->query).list) {
    if (parameter.name != "method") continue;
    switch (writers::find_method(parameter.value).value_or(writers::method::offload)) {
      case writers::method::sync:
        return "Move the writes off the loop: method=offload or stream.";
      case writers::method::callback:
        return "Bound what is started at once: method=stream.";
      case writers::method::partition:
        return "Yield more often: a smaller slice_us.";
      case writers::method::promise:
      case writers::method::stream:
      case writers::method::offload:
        return {};
    }
  }
  return {};
}

}  // namespace loopscope::app
