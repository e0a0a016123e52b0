#include "endpoints.hpp"
#include "json_values.hpp"

namespace loopscope::admin {

void add_info(http::router& to, const sources& of) {
  // Not a fixed answer, which any Host name would reach: it tells paths of this machine.
  const auto info = [answer = json_answer(of.info)](const http::request&) -> http::task<http::response> {
    co_return answer;
  };
  to.add(http::verb::get, "/info", info);
}

}  // namespace loopscope::admin
