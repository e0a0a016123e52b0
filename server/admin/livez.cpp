#include "endpoints.hpp"
#include "json_values.hpp"

namespace loopscope::admin {

void add_livez(http::router& to) {
  to.fixed("/livez", text_answer("ok\n"));
}

}  // namespace loopscope::admin
