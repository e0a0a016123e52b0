#include <cmath>

#include "reports.hpp"
#include "text.hpp"

#ifndef LOOPSCOPE_VERSION
#error "LOOPSCOPE_VERSION comes from CMakeLists.txt"
#endif

namespace loopscope::probe {
namespace {

using json = nlohmann::ordered_json;

json number(std::optional<double> value) {
  if (!value) return nullptr;
  return std::round(*value * 1000) / 1000;
}

json milliseconds(std::optional<std::chrono::nanoseconds> time) {
  if (!time) return nullptr;
  return number(std::chrono::duration<double, std::milli>(*time).count());
}

double seconds(std::chrono::microseconds time) {
  return std::chrono::duration<double>(time).count();
}

json figures(const percentiles& of) {
  return {{"p50", number(of.at(0.5))},     {"p90", number(of.at(0.9))}, {"p99", number(of.at(0.99))},
          {"p99_9", number(of.at(0.999))}, {"max", number(of.max())},   {"mean", number(of.mean())}};
}

json failed(const summary& sums) {
  json by_cause = json::object();
  for (const auto cause : all_failure_causes()) {
    const std::size_t count = sums.failed_by_cause[static_cast<std::size_t>(cause)];
    if (count > 0) by_cause[std::string(name(cause))] = count;
  }
  return {{"total", sums.failed}, {"by_cause", by_cause}};
}

json statuses(const summary& sums) {
  json counts = json::object();
  for (const auto& [status, count] : sums.status) counts[std::to_string(status)] = count;
  return counts;
}

json addresses(const measurement& run) {
  json all = json::array();
  for (const auto& address : run.addresses) {
    all.push_back({{"address", address.text},
                   {"measured", address.measured},
                   {"connections", address.use.connections},
                   {"unreached", address.use.unreached},
                   {"requests", address.use.requests}});
  }
  return all;
}

json trigger_json(const measurement& run) {
  if (!run.trigger) return nullptr;
  const trigger_record& trigger = *run.trigger;
  json body = nullptr;
  if (trigger.status) {
    body = json::parse(trigger.body, nullptr, false);
    if (body.is_discarded()) body = trigger.body;
  }
  return {{"request", run.asked.trigger_text},
          {"scheduled_at_ms", milliseconds(trigger.scheduled)},
          {"started_ms", milliseconds(trigger.started)},
          {"ended_ms", milliseconds(trigger.ended)},
          {"repeated", trigger.repeated},
          {"status", trigger.status ? json(*trigger.status) : json(nullptr)},
          {"body", body},
          {"error", trigger.error.empty() ? json(nullptr) : json(trigger.error)}};
}

}  // namespace

json to_json(const measurement& run) {
  const options& asked = run.asked;
  const summary& sums = run.sums;
  return {
      {"probe",
       {{"version", LOOPSCOPE_VERSION},
        {"method", asked.sends.method},
        {"url", asked.url},
        {"unix_socket", asked.unix_socket ? json(*asked.unix_socket) : json(nullptr)},
        {"body_bytes", asked.sends.body ? json(asked.sends.body->size()) : json(nullptr)},
        {"expect", asked.expect.text()},
        {"spread", asked.spread},
        {"schedule", asked.kind == schedule_kind::uniform ? "uniform" : "poisson"},
        {"rate_per_s", asked.rate_per_s},
        {"duration_s", seconds(asked.duration)},
        {"drain_s", seconds(asked.drain)},
        {"connections", asked.connections},
        {"max_connections", asked.max_connections},
        {"seed", asked.seed}}},
      {"reached", run.reached},
      {"started", run.started ? json(time_text(*run.started)) : json(nullptr)},
      {"started_unix_ms", run.started ? milliseconds(run.started->time_since_epoch()) : json(nullptr)},
      {"measured_until_ms", run.started ? milliseconds(run.measured_until) : json(nullptr)},
      {"interrupted", run.interrupted},
      {"addresses", addresses(run)},
      {"requests",
       {{"scheduled", sums.scheduled},
        {"sent", sums.sent},
        {"late", sums.late},
        {"skipped", sums.skipped},
        {"repeated", sums.repeated},
        {"completed", sums.completed},
        {"expected", sums.expected},
        {"unexpected", sums.unexpected},
        {"failed", failed(sums)},
        {"waiting_at_end", sums.waiting}}},
      {"errors", {{"count", sums.errors}, {"rate", number(sums.error_rate)}, {"limit", asked.max_error_rate}}},
      {"status", statuses(sums)},
      {"latency_us", figures(sums.latency_us)},
      {"service_time_us", figures(sums.service_time_us)},
      {"unexpected_latency_us", figures(sums.unexpected_latency_us)},
      {"unexpected_service_time_us", figures(sums.unexpected_service_time_us)},
      {"lateness_us", figures(sums.lateness_us)},
      {"probe_was_bottleneck", !run.bottleneck.empty()},
      {"bottleneck_reasons", run.bottleneck},
      {"thread",
       {{"scheduling", run.started ? json(std::string(name(run.scheduling))) : json(nullptr)},
        {"busy", number(run.thread_busy)},
        {"stood_still_ms", run.started ? milliseconds(run.stood_still) : json(nullptr)}}},
      {"connections",
       {{"opened", run.connections_opened}, {"peak", run.connections_peak}, {"longest_queue", run.longest_line}}},
      {"trigger", trigger_json(run)},
  };
}

std::string json_text(const measurement& run) {
  return to_json(run).dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace loopscope::probe
