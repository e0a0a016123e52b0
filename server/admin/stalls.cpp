#include <algorithm>

#include "endpoints.hpp"
#include "stall_json.hpp"

namespace loopscope::admin {
namespace {

http::task<http::response> answer(const sources& of) {
  std::vector<monitor::stall_record> stalls;
  for (const auto& each : of.loops) std::ranges::move(each.watch.recent_stalls(), std::back_inserter(stalls));
  std::ranges::stable_sort(stalls, std::ranges::greater{}, &monitor::stall_record::started);
  json list = json::array();
  for (const auto& each : stalls) list.push_back(stall_json(each));
  co_return json_answer({{"stalls", std::move(list)}});
}

}  // namespace

void add_stalls(http::router& to, const sources& of) {
  to.add(http::verb::get, "/stalls", [&of](const http::request&) { return answer(of); });
}

}  // namespace loopscope::admin
