#include "endpoints.hpp"
#include "json_values.hpp"
#include "server/dashboard/assets.hpp"
#include "server/dashboard/dashboard.hpp"

namespace loopscope::admin {
namespace {

constexpr std::string_view list =
    "/metrics          Prometheus text\n"
    "/livez            the process is alive\n"
    "/readyz           503 while a loop is stalled or the service shuts down\n"
    "/readyz?verbose   each check\n"
    "/stalls           recent stalls, the one in progress included\n"
    "/stalls?id=N      one stall\n"
    "/loop             lag and busy figures of each loop\n"
    "/runs             running and finished writes\n"
    "/events           server-sent events, a sample every 100 ms\n"
    "/info             version, configuration, back ends\n";

}  // namespace

void add_index(http::router& to) {
  std::string text = "loopscope, admin plane\n\n";
  if (const auto why = dashboard::missing(); !why.empty())
    text.append("The dashboard is not part of this binary. ").append(why).append("\n\n");
  to.fixed("/endpoints", http::response::text(text.append(list)));
  dashboard::add_routes(to);
  if (dashboard::all_assets().empty()) to.fixed("/", http::response::text(text));
}

}  // namespace loopscope::admin
