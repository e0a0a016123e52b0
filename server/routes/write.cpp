// SPDX-License-Identifier: MIT

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <variant>

#include "routes.hpp"
#include "server/monitor/attributed_executor.hpp"
#include "server/support/json_text.hpp"
#include "write_problem.hpp"
#include "write_request.hpp"

namespace loopscope::routes {
namespace {

namespace asio = boost::asio;

http::response answer(runs::run_service::result result) {
  if (const auto* refused = std::get_if<runs::refusal>(&result)) return to_response(*refused);
  if (const auto* failed = std::get_if<writers::file_error>(&result)) return to_response(*failed);
  return http::response::json(json_text(runs::to_json(std::get<runs::run_report>(result)), 2) + "\n")
      .with("Cache-Control", "no-store");
}

std::string_view route_name(http::verb method) {
  return method == http::verb::post ? "POST /write" : "GET /write";
}

}  // namespace

void add_write(http::router& to, runs::run_service& service, const monitor::loop_watch& watch, bool allow_cross_site) {
  const auto write = [&service, &watch](const http::request& request) -> http::task<http::response> {
    auto parsed = parse_write_request(request.parameters(), service.registry().limits(), service.back_ends());
    if (const auto* wrong = std::get_if<http::problem>(&parsed)) co_return to_response(*wrong);
    // Every turn of this run names its request to the monitor, however often the run is suspended.
    const monitor::activity activity{watch.activities(), request.id(), route_name(request.method()),
                                     request.raw_query()};
    const asio::any_io_executor loop =
        monitor::attributed_executor{co_await asio::this_coro::executor, *watch.activities(), activity};
    auto result = co_await asio::co_spawn(
        loop, service.run(std::get<writers::write_request>(std::move(parsed)), request.client_gone(), watch),
        http::use_task);
    co_return answer(std::move(result));
  };
  const http::route_options options{.refuse_cross_site = !allow_cross_site, .head_from_get = false};
  to.add(http::verb::get, "/write", write, options);
  to.add(http::verb::post, "/write", write, options);
}

}  // namespace loopscope::routes
