#include <nlohmann/json.hpp>

#include "routes.hpp"
#include "server/support/json_text.hpp"
#include "write_parameters.hpp"

namespace loopscope::routes {
namespace {

nlohmann::ordered_json describe(const writers::method_info& method) {
  nlohmann::ordered_json defaults{{"count", writers::default_count}, {"durability", "cache"}, {"verify", false}};
  if (method.uses != writers::back_end_use::none) defaults["io"] = "auto";
  if (method.id == writers::method::stream) defaults["high_water_mark"] = writers::default_high_water_mark_bytes;
  if (method.id == writers::method::partition) defaults["slice_us"] = writers::default_slice.count();
  if (method.id == writers::method::callback) defaults["slice_us"] = nullptr;  // may be given; then it queues in slices
  return {
      {"name", method.name},
      {"aliases", nlohmann::ordered_json(std::vector<std::string_view>{method.aliases.begin(), method.aliases.end()})},
      {"blocks_loop", method.loop == writers::loop_effect::blocked},
      {"loop", writers::to_string(method.loop)},
      {"description", method.description},
      {"defaults", std::move(defaults)},
  };
}

}  // namespace

void add_methods(http::router& to, const runs::run_service& service) {
  nlohmann::ordered_json methods = nlohmann::ordered_json::array();
  for (const auto& each : writers::all_methods()) methods.push_back(describe(each));
  const auto automatic = service.select(writers::back_end_choice::automatic);
  const nlohmann::ordered_json answer{
      {"methods", std::move(methods)},
      {"io_auto", {{"io", writers::to_string(automatic.id)}, {"reason", automatic.reason}}},
  };
  to.fixed("/methods", http::response::json(json_text(answer, 2) + "\n"));
}

}  // namespace loopscope::routes
