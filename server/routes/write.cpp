#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>

#include "load_shedding.hpp"
#include "routes.hpp"
#include "server/monitor/attributed_executor.hpp"
#include "server/support/json_text.hpp"
#include "write_parameters.hpp"
#include "write_problem.hpp"

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

/// Opens a window on the loop; what it returns closes it.
std::function<std::optional<runs::loop_figures>()> measure(const monitor::loop_watch& watch) {
  const auto window = std::make_shared<monitor::interval_reader>(watch.interval());
  return [window] {
    const monitor::window_figures seen = window->read();
    const monitor::lag_figures& lag = seen.corrected;
    return std::optional{runs::loop_figures{lag.p50, lag.p99, lag.max, seen.stalls, seen.longest_stall}};
  };
}

}  // namespace

void add_write(http::router& to, runs::run_service& service, const monitor::loop_watch& watch,
               const write_options& asked_for) {
  const auto write = [&service, &watch,
                      shed_lag = asked_for.shed_lag](const http::request& request) -> http::task<http::response> {
    auto parameters = parse_write_parameters(request.parameters(), service.registry().limits(), service.uring());
    if (parameters.wrong) co_return to_response(*parameters.wrong);
    if (auto turned_away = shed(shed_lag, shed_lag ? watch.recent_lag() : std::nullopt))
      co_return *std::move(turned_away);
    parameters.request.io = service.select(parameters.io);
    // Every turn of this run names its request to the monitor, however often it is suspended.
    const monitor::activity activity{watch.activities(), request.id(), route_name(request.method()),
                                     request.raw_query()};
    const asio::any_io_executor loop =
        monitor::attributed_executor{co_await asio::this_coro::executor, *watch.activities(), activity};
    auto result = co_await asio::co_spawn(
        loop, service.run(std::move(parameters.request), request.client_gone(), [&watch] { return measure(watch); }),
        http::use_task);
    co_return answer(std::move(result));
  };
  const http::route_options options{.refuse_cross_site = !asked_for.allow_cross_site, .head_from_get = false};
  to.add(http::verb::get, "/write", write, options);
  to.add(http::verb::post, "/write", write, options);
}

}  // namespace loopscope::routes
