#include "endpoints.hpp"
#include "json_values.hpp"

namespace loopscope::admin {

void add_info(http::router& to, const sources& of) {
  to.fixed("/info", json_answer(of.info));
}

}  // namespace loopscope::admin
