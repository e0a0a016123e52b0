#include "load_shedding.hpp"

#include "server/http/problem.hpp"

namespace loopscope::routes {
namespace {

double in_milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

std::optional<http::response> shed(std::optional<std::chrono::nanoseconds> threshold,
                                   std::optional<std::chrono::nanoseconds> recent_lag) {
  if (!threshold || !recent_lag || *recent_lag <= *threshold) return std::nullopt;
  http::problem problem;
  problem.status = 503;
  problem.detail = "The event loop is behind, so no more writes start on it. Try again when it has caught up.";
  problem.extensions = {
      {"limit_name", "shed-lag"}, {"lag_ms", in_milliseconds(*recent_lag)}, {"limit_ms", in_milliseconds(*threshold)}};
  return to_response(problem).with("Retry-After", "1");  // lag is the worst of the last second
}

}  // namespace loopscope::routes
