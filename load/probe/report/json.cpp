// SPDX-License-Identifier: MIT

#include <cmath>

#include "report.hpp"
#include "server/support/json_text.hpp"
#include "server/support/json_values.hpp"

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

json figures(const percentiles& sample) {
  return {{"p50", number(sample.at(0.5))},     {"p90", number(sample.at(0.9))}, {"p99", number(sample.at(0.99))},
          {"p99_9", number(sample.at(0.999))}, {"max", number(sample.max())},   {"mean", number(sample.mean())}};
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

json addresses(const run_result& result) {
  json all = json::array();
  for (const auto& address : result.addresses) {
    all.push_back({{"address", address.text},
                   {"measured", address.measured},
                   {"connections", address.use.connections},
                   {"unreached", address.use.unreached},
                   {"requests", address.use.requests}});
  }
  return all;
}

json trigger_json(const run_result& result) {
  if (!result.trigger) return nullptr;
  const trigger_record& trigger = *result.trigger;
  json body = nullptr;
  if (trigger.status) {
    body = json::parse(trigger.body, nullptr, false);
    if (body.is_discarded()) body = trigger.body;
  }
  return {{"request", result.options.trigger_text},
          {"scheduled_at_ms", milliseconds(trigger.scheduled)},
          {"started_ms", milliseconds(trigger.started)},
          {"ended_ms", milliseconds(trigger.ended)},
          {"repeated", trigger.repeated},
          {"status", trigger.status ? json(*trigger.status) : json(nullptr)},
          {"body", body},
          {"error", trigger.error.empty() ? json(nullptr) : json(trigger.error)}};
}

}  // namespace

json to_json(const run_result& result) {
  const run_options& options = result.options;
  const summary& sums = result.sums;
  return {
      {"probe",
       {{"version", LOOPSCOPE_VERSION},
        {"method", options.request.method},
        {"url", options.url},
        {"unix_socket", options.unix_socket ? json(*options.unix_socket) : json(nullptr)},
        {"body_bytes", options.request.body ? json(options.request.body->size()) : json(nullptr)},
        {"expect", options.expect.text()},
        {"spread", options.spread},
        {"schedule", options.kind == schedule_kind::uniform ? "uniform" : "poisson"},
        {"rate_per_s", options.rate_per_s},
        {"duration_s", seconds(options.duration)},
        {"drain_s", seconds(options.drain)},
        {"connections", options.connections},
        {"max_connections", options.max_connections},
        {"seed", options.seed}}},
      {"reached", result.reached},
      {"started", result.started ? json(timestamp(*result.started)) : json(nullptr)},
      {"started_unix_ms", result.started ? milliseconds(result.started->time_since_epoch()) : json(nullptr)},
      {"measured_until_ms", result.started ? milliseconds(result.measured_until) : json(nullptr)},
      {"interrupted", result.interrupted},
      {"addresses", addresses(result)},
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
      {"errors", {{"count", sums.errors}, {"rate", number(sums.error_rate)}, {"limit", options.max_error_rate}}},
      {"status", statuses(sums)},
      {"latency_us", figures(sums.latency_us)},
      {"service_time_us", figures(sums.service_time_us)},
      {"unexpected_latency_us", figures(sums.unexpected_latency_us)},
      {"unexpected_service_time_us", figures(sums.unexpected_service_time_us)},
      {"lateness_us", figures(sums.lateness_us)},
      {"probe_was_bottleneck", !result.bottleneck.empty()},
      {"bottleneck_reasons", result.bottleneck},
      {"thread",
       {{"scheduling", result.started ? json(std::string(name(result.scheduling))) : json(nullptr)},
        {"busy", number(result.thread_busy)},
        {"stood_still_ms", result.started ? milliseconds(result.not_running) : json(nullptr)}}},
      {"connections",
       {{"opened", result.connections_opened}, {"peak", result.connections_peak}, {"longest_queue", result.max_queue}}},
      {"trigger", trigger_json(result)},
  };
}

std::string json_text(const run_result& result) {
  return loopscope::json_text(to_json(result), 2) + "\n";
}

}  // namespace loopscope::probe
