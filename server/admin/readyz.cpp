#include <algorithm>

#include "endpoints.hpp"
#include "json_values.hpp"
#include "readiness.hpp"
#include "server/support/json_text.hpp"

namespace loopscope::admin {
namespace {

std::string directory_failure(const sources& of) {
  const std::string why = of.directory.failure();
  return why.empty() ? "" : ascii_json_text(of.data_dir.string()) + " cannot be used: " + why;
}

http::task<http::response> answer_readyz(const sources& of, const http::request& asked) {
  std::vector<readiness::loop> loops;
  for (const auto& each : of.loops) loops.push_back({each.name, each.watch.stalled_for()});
  const readiness now{loops, of.stall_threshold, of.shutting_down.load(std::memory_order_relaxed),
                      directory_failure(of)};
  const bool verbose = std::ranges::any_of(asked.parameters(), [](const auto& each) { return each.name == "verbose"; });
  auto answer = text_answer(verbose ? now.verbose() : now.brief(), now.ready() ? 200 : 503);
  if (!now.ready()) answer.headers.emplace_back("Retry-After", "1");
  co_return answer;
}

}  // namespace

void add_readyz(http::router& to, const sources& of) {
  to.add(http::verb::get, "/readyz", [&of](const http::request& asked) { return answer_readyz(of, asked); });
}

}  // namespace loopscope::admin
