#include "dispatch.hpp"

#include "cross_origin.hpp"
#include "problem.hpp"

namespace loopscope::http {
namespace {

response not_found() {
  return to_response({.status = 404, .detail = "There is nothing at this path."});
}

response wrong_method(const router& routes, const request& asked) {
  const auto allowed = routes.allowed(asked.path());
  const bool known = asked.method() != verb::unknown;
  auto answer = to_response({.status = known ? 405U : 501U,
                             .detail = "The method " + std::string(asked.method_text()) + " is not served here.",
                             .extensions = {{"allowed", allowed}}});
  answer.headers.emplace_back("Allow", allowed);
  return answer;
}

response cross_site_refused() {
  return to_response({.status = 403, .detail = "Pages of other sites may not send this request."});
}

response host_refused(const request& asked) {
  return to_response({.status = 421,
                      .detail = "The name in the Host header is none of this server's; --allowed-host adds names.",
                      .extensions = {{"given", std::string(asked.host())}}});
}

}  // namespace

dispatch_plan plan_dispatch(const router& routes, const request& asked) {
  dispatch_plan plan;
  const auto path = asked.path();
  if (path == "*") {  // request_reader lets it pass for OPTIONS only
    plan.answer = options_answer(asked, routes.allowed(path));
    return plan;
  }
  const auto match = routes.find(asked.method(), path);
  if (match.found != nullptr) {
    plan.route_name = match.found->path;
    if (!match.found->fixed && !routes.hosts().allows(asked.host())) {
      plan.answer = host_refused(asked);
    } else if (match.found->options.refuse_cross_site && is_cross_site(asked)) {
      plan.answer = cross_site_refused();
    } else {
      plan.serve = match.found;
    }
  } else if (!match.path_known) {
    plan.answer = not_found();
  } else if (asked.method() == verb::options) {
    plan.answer = options_answer(asked, routes.allowed(path));
  } else {
    plan.answer = wrong_method(routes, asked);
  }
  return plan;
}

}  // namespace loopscope::http
