// SPDX-License-Identifier: MIT

#include "router.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "cors.hpp"
#include "problem.hpp"

namespace loopscope::http {
namespace {

bool covers_head(const route& each) noexcept {
  return each.method == verb::get && each.options.head_from_get;
}

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

route& router::insert(verb method, std::string path) {
  for (const auto& each : routes_) {
    if (each.method == method && each.path == path) throw std::invalid_argument("route added twice: " + path);
  }
  auto& added = routes_.emplace_back();
  added.method = method;
  added.path = std::move(path);
  return added;
}

void router::add(verb method, std::string path, handler handle, route_options options) {
  auto& added = insert(method, std::move(path));
  added.handle = std::move(handle);
  added.options = options;
}

void router::fixed(std::string path, const response& answer) {
  insert(verb::get, std::move(path)).fixed.emplace(answer);
}

std::vector<std::string> router::paths() const {
  std::vector<std::string> paths;
  for (const auto& each : routes_)
    if (std::ranges::find(paths, each.path) == paths.end()) paths.push_back(each.path);
  return paths;
}

router::match router::find(verb method, std::string_view path) const noexcept {
  match result;
  // A service has a dozen routes: comparing lengths first beats any hash.
  for (const auto& each : routes_) {
    if (each.path != path) continue;
    result.path_known = true;
    if (each.method == method || (covers_head(each) && method == verb::head && result.found == nullptr))
      result.found = &each;
  }
  return result;
}

std::string router::allowed(std::string_view path) const {
  static constexpr std::array methods = {verb::get, verb::head, verb::post, verb::put, verb::delete_, verb::patch};
  std::string list;
  for (const auto method : methods) {
    bool known = false;
    for (const auto& each : routes_) {
      const bool covers = each.method == method || (method == verb::head && covers_head(each));
      known = known || (covers && (path == "*" || each.path == path));
    }
    if (!known) continue;
    const auto name = boost::beast::http::to_string(method);
    list.append(name.data(), name.size()).append(", ");
  }
  return list + "OPTIONS";
}

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
