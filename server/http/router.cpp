#include "router.hpp"

#include <array>
#include <stdexcept>

namespace loopscope::http {
namespace {

bool covers_head(const route& each) noexcept {
  return each.method == verb::get && each.options.head_from_get;
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

}  // namespace loopscope::http
