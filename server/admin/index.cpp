#include "endpoints.hpp"
#include "json_values.hpp"

namespace loopscope::admin {

void add_index(http::router& to) {
  to.fixed("/", http::response::text("loopscope, admin plane\n"
                                     "\n"
                                     "/metrics          Prometheus text\n"
                                     "/livez            the process is alive\n"
                                     "/readyz           503 while a loop is stalled or the service shuts down\n"
                                     "/readyz?verbose   each check\n"
                                     "/stalls           recent stalls, the one in progress included\n"
                                     "/loop             lag and busy figures of each loop\n"
                                     "/runs             running and finished writes\n"
                                     "/events           server-sent events, a sample every 100 ms\n"
                                     "/info             version, configuration, back ends\n"));
}

}  // namespace loopscope::admin
