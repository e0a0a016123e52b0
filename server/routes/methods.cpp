// SPDX-License-Identifier: MIT

#include <nlohmann/json.hpp>

#include "routes.hpp"
#include "server/support/json_text.hpp"
#include "write_request.hpp"

namespace loopscope::routes {
namespace {

using json = nlohmann::ordered_json;

json back_ends(writers::back_end_use use) {
  switch (use) {
    case writers::back_end_use::none:
      return json::array();
    case writers::back_end_use::threads:
      return {"threads"};
    case writers::back_end_use::any:
      return {"threads", "uring"};
  }
  return nullptr;
}

json describe(const writers::method& method) {
  json defaults{{"count", writers::default_count}, {"durability", "cache"}, {"verify", false}};
  if (method.back_ends != writers::back_end_use::none) defaults["io"] = "auto";
  if (method.has_buffer) defaults["high_water_mark"] = writers::default_high_water_mark_bytes;
  if (method.takes_slice)  // null: off, but may be given
    defaults["slice_us"] = method.default_slice ? json(method.default_slice->count()) : json(nullptr);
  return {
      {"name", method.name},
      {"aliases", json(std::vector<std::string_view>{method.aliases.begin(), method.aliases.end()})},
      {"blocks_loop", method.effect == writers::loop_effect::blocked},
      {"loop", writers::to_string(method.effect)},
      {"description", method.description},
      {"shows", method.shows},
      {"back_ends", back_ends(method.back_ends)},
      {"defaults", std::move(defaults)},
  };
}

}  // namespace

void add_methods(http::router& to, const runs::run_service& service) {
  nlohmann::ordered_json methods = nlohmann::ordered_json::array();
  for (const auto& each : writers::all_methods()) methods.push_back(describe(each));
  const auto automatic = service.back_ends().select(writers::back_end_choice::automatic);
  const nlohmann::ordered_json answer{
      {"methods", std::move(methods)},
      {"io_auto", {{"io", writers::to_string(automatic.id)}, {"reason", automatic.reason}}},
  };
  to.fixed("/methods", http::response::json(json_text(answer, 2) + "\n"));
}

}  // namespace loopscope::routes
