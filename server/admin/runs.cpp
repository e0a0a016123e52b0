#include "endpoints.hpp"
#include "runs_json.hpp"

namespace loopscope::admin {
namespace {

http::task<http::response> answer_runs(const sources& of) {
  json running = json::array();
  for (const auto& each : of.registry.active()) running.push_back(active_run_json(*each));
  json finished = json::array();
  for (const auto& each : of.registry.finished()) finished.push_back(finished_run_json(*each));
  co_return json_answer({{"running", std::move(running)}, {"finished", std::move(finished)}});
}

}  // namespace

void add_runs(http::router& to, const sources& of) {
  to.add(http::verb::get, "/runs", [&of](const http::request&) { return answer_runs(of); });
}

}  // namespace loopscope::admin
