#include "dashboard.hpp"

#include "asset_answer.hpp"

namespace loopscope::dashboard {
namespace {

http::task<http::response> answer(const asset& what, const http::request& asked) {
  co_return answer_asset(what, asked);
}

}  // namespace

void add_routes(http::router& to) {
  for (const asset& each : all_assets()) {
    const auto path = each.name == "index.html" ? "/" : "/dashboard/" + std::string{each.name};
    to.add(http::verb::get, path, [&each](const http::request& asked) { return answer(each, asked); });
  }
}

}  // namespace loopscope::dashboard
