// SPDX-License-Identifier: MIT

#include "endpoints.hpp"

#include <algorithm>

#include "json.hpp"
#include "readiness.hpp"
#include "relay.hpp"
#include "server/dashboard/assets.hpp"
#include "server/dashboard/dashboard.hpp"
#include "server/http/body_stream.hpp"
#include "server/http/problem.hpp"
#include "server/support/json_text.hpp"
#include "sse.hpp"

namespace loopscope::admin {
namespace {

constexpr std::chrono::milliseconds reconnect_delay{1000};
constexpr std::chrono::milliseconds heartbeat_interval{5000};

http::response json_response(const json& value) {
  return http::response::json(json_text(value, 2) + "\n").with("Cache-Control", "no-store");
}

http::response text_response(std::string text, unsigned status = 200) {
  return http::response::text(std::move(text), status).with("Cache-Control", "no-store");
}

std::optional<std::string> find_parameter(const http::request& request, std::string_view name) {
  const auto found = std::ranges::find(request.parameters(), name, &http::parameter::name);
  return found == request.parameters().end() ? std::nullopt : std::optional{found->value};
}

http::task<http::response> get_metrics(const sources& source, writers::io_pool& pool) {
  http::response response;
  response.content_type = metrics::exporter::content_type;
  response.body = co_await pool.async_run(
      [&source] {
        return source.exporter->blocking_text(source.loops(), source.process,
                                              source.data ? &source.data->metrics : nullptr);
      },
      http::use_task);
  co_return std::move(response).with("Cache-Control", "no-store");
}

http::task<http::response> get_readyz(const sources& source, const http::request& request) {
  std::vector<readiness::loop> loops;
  for (const auto& each : source.loops()) loops.push_back({each.name, each.watch->stalled_for()});
  std::optional<std::string> directory_failure;
  if (source.data) directory_failure = source.data->directory.failure();
  if (directory_failure && !directory_failure->empty())
    directory_failure = ascii_json_text(source.data->data_dir.string()) + " cannot be used: " + *directory_failure;
  const readiness now{loops, source.stall_threshold, source.shutting_down.load(std::memory_order_relaxed),
                      directory_failure};
  const bool verbose = find_parameter(request, "verbose").has_value();
  auto response = text_response(verbose ? now.verbose() : now.brief(), now.ready() ? 200 : 503);
  if (!now.ready()) response.headers.emplace_back("Retry-After", "1");
  co_return response;
}

http::task<http::response> get_stalls(const sources& source, const http::request& request) {
  struct stall_of_loop {
    monitor::stall_record record;
    std::optional<pid_t> pid;
  };
  std::vector<stall_of_loop> stalls;
  for (const auto& loop : source.loops())
    for (auto& each : loop.watch->recent_stalls()) stalls.push_back({std::move(each), loop.pid});
  // Each loop numbers its own stalls, so several loops may have a stall with this id.
  if (const auto id = find_parameter(request, "id"))
    std::erase_if(stalls, [&id](const auto& each) { return std::to_string(each.record.id) != *id; });
  std::ranges::stable_sort(stalls, std::ranges::greater{}, [](const auto& each) { return each.record.started_steady; });
  json list = json::array();
  for (const auto& each : stalls) {
    json& shown = list.emplace_back(stall_json(each.record));
    if (each.pid) shown["pid"] = *each.pid;
  }
  co_return json_response({{"stalls", std::move(list)}});
}

http::task<http::response> get_loop(const sources& source, const event_sampler& sampler) {
  json loops = json::array();
  for (const auto& each : source.loops())
    loops.push_back(loop_json(each.name, each.watch->snapshot(), sampler.last_second(each), each.pid));
  co_return json_response({{"stall_threshold_ms", milliseconds(source.stall_threshold)}, {"loops", std::move(loops)}});
}

http::task<http::response> get_runs(const runs::run_registry& registry) {
  json running = json::array();
  for (const auto& each : registry.active()) running.push_back(active_run_json(*each));
  json finished = json::array();
  for (const auto& each : registry.finished()) finished.push_back(finished_run_json(*each));
  co_return json_response({{"running", std::move(running)}, {"finished", std::move(finished)}});
}

/// Writes every event that the subscriber gets, until the client disconnects or the server shuts down.
http::task<void> send_events(http::body_stream& body, std::shared_ptr<event_feed::subscriber> subscriber) {
  const auto closing = body.closing();
  const std::stop_callback wake{closing, [subscriber] { subscriber->wake(); }};
  const std::string opening = sse::retry(reconnect_delay);
  if (co_await body.write(opening)) co_return;
  const std::string heartbeat = sse::comment("no sample yet");
  while (!closing.stop_requested()) {
    const auto event = co_await subscriber->next();
    if (closing.stop_requested()) co_return;
    if (co_await body.write(event ? event->text : heartbeat)) co_return;
  }
}

http::task<http::response> get_events(std::shared_ptr<event_feed> feed) {
  auto subscriber = feed->subscribe(heartbeat_interval);
  if (!subscriber)
    co_return http::to_response({.status = 503,
                                 .detail = "The maximum number of subscribers is reached.",
                                 .extensions = {{"limit", feed->max_subscribers()}}})
        .with("Retry-After", "5");
  http::response response;
  response.content_type = sse::content_type;
  response.stream = [subscriber = std::move(subscriber)](http::body_stream& body) {
    return send_events(body, subscriber);
  };
  co_return std::move(response).with("Cache-Control", "no-store").with("X-Accel-Buffering", "no");
}

http::task<http::response> get_info(const sources& source) {
  co_return json_response(source.info);
}

}  // namespace

void add_routes(http::router& router, const sources& source, const event_sampler& sampler,
                std::shared_ptr<event_feed> feed, writers::io_pool& pool) {
  std::string list;
  const auto describe = [&list](std::string_view path, std::string_view description) {
    constexpr std::size_t column = 16;
    list.append(path).append(column - path.size(), ' ').append(description).append("\n");
  };
  const auto get = [&](std::string_view path, std::string_view description, http::handler handler) {
    describe(path, description);
    router.add(http::verb::get, std::string{path}, std::move(handler));
  };
  using request = http::request;

  get("/metrics", "metrics in the Prometheus text format", [&](const request&) { return get_metrics(source, pool); });
  describe("/livez", "200 while the process runs, even if its loops are blocked");
  router.fixed("/livez", text_response("ok\n"));
  get("/readyz",
      source.data
          ? "503 while a loop is stalled, the data directory fails or the service shuts down; ?verbose: each check"
          : "503 while a loop is stalled or the watched command has ended; ?verbose: each check",
      [&](const request& each) { return get_readyz(source, each); });
  get("/stalls",
      "recent stalls of all loops, newest first, including those in progress; ?id=N: only those with that id",
      [&](const request& each) { return get_stalls(source, each); });
  get("/loop", "lag and busy figures of each loop", [&](const request&) { return get_loop(source, sampler); });
  if (source.data)
    get("/runs", "running and finished writes", [&](const request&) { return get_runs(source.data->registry); });
  get("/events", "server-sent events: a sample every 100 ms",
      [feed = std::move(feed)](const request&) { return get_events(feed); });
  // Not a fixed response: those are sent whatever the Host field says, and this one shows paths of this machine.
  get("/info", source.data ? "version, configuration, back ends" : "version, command, process",
      [&](const request&) { return get_info(source); });

  if (source.data && source.data->relay_to) {
    const relay passing{*source.data->relay_to};
    get("/relay/hello", "/hello of the data plane", passing.handler("/hello"));
    get("/relay/methods", "/methods of the data plane", passing.handler("/methods"));
    describe("/relay/write", "/write of the data plane; POST alone");
    router.add(http::verb::post, "/relay/write", passing.handler("/write"),
               {.refuse_cross_site = !source.data->relay_cross_site, .head_from_get = false});
  }

  std::string text = "loopscope, admin plane\n\n";
  if (const auto reason = dashboard::missing(); !reason.empty())
    text.append("The dashboard is not part of this binary. ").append(reason).append("\n\n");
  const auto endpoints = http::response::text(text.append(list));
  router.fixed("/endpoints", endpoints);
  dashboard::add_routes(router);
  if (dashboard::all_assets().empty()) router.fixed("/", endpoints);
}

}  // namespace loopscope::admin
