#include "endpoints.hpp"
#include "loop_json.hpp"

namespace loopscope::admin {
namespace {

http::task<http::response> answer_loop(const sources& of, const event_sampler& sampler) {
  const auto last_second = sampler.last_second();
  json loops = json::array();
  for (std::size_t i = 0; i < of.loops.size(); ++i)
    loops.push_back(loop_json(of.loops[i].name, of.loops[i].watch.snapshot(), last_second[i]));
  co_return json_answer({{"stall_threshold_ms", milliseconds(of.stall_threshold)}, {"loops", std::move(loops)}});
}

}  // namespace

void add_loop(http::router& to, const sources& of, const event_sampler& sampler) {
  to.add(http::verb::get, "/loop", [&of, &sampler](const http::request&) { return answer_loop(of, sampler); });
}

}  // namespace loopscope::admin
