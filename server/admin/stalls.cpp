#include <algorithm>

#include "endpoints.hpp"
#include "stall_json.hpp"

namespace loopscope::admin {
namespace {

/// The id that the query asks for alone; ids count per loop, so several loops may have it.
std::optional<std::string> wanted_id(const http::request& asked) {
  const auto found = std::ranges::find(asked.parameters(), "id", &http::parameter::name);
  return found == asked.parameters().end() ? std::nullopt : std::optional{found->value};
}

http::task<http::response> answer_stalls(const sources& of, const http::request& asked) {
  std::vector<monitor::stall_record> stalls;
  for (const auto& each : of.loops) std::ranges::move(each.watch.recent_stalls(), std::back_inserter(stalls));
  if (const auto id = wanted_id(asked))
    std::erase_if(stalls, [&](const auto& each) { return std::to_string(each.id) != *id; });
  std::ranges::stable_sort(stalls, std::ranges::greater{}, &monitor::stall_record::started_steady);
  json list = json::array();
  for (const auto& each : stalls) list.push_back(stall_json(each));
  co_return json_answer({{"stalls", std::move(list)}});
}

}  // namespace

void add_stalls(http::router& to, const sources& of) {
  to.add(http::verb::get, "/stalls", [&of](const http::request& asked) { return answer_stalls(of, asked); });
}

}  // namespace loopscope::admin
