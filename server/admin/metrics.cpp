#include "endpoints.hpp"
#include "json_values.hpp"

namespace loopscope::admin {
namespace {

http::task<http::response> answer_metrics(const sources& of) {
  http::response answer;
  answer.content_type = metrics::service_metrics::content_type;
  answer.body = of.metrics.text();
  co_return std::move(answer).with("Cache-Control", "no-store");
}

}  // namespace

void add_metrics(http::router& to, const sources& of) {
  to.add(http::verb::get, "/metrics", [&of](const http::request&) { return answer_metrics(of); });
}

}  // namespace loopscope::admin
