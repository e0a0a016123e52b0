// SPDX-License-Identifier: MIT

#include "json_report.hpp"

#include <nlohmann/json.hpp>

#include "server/records/stall_json.hpp"
#include "server/support/json_text.hpp"
#include "server/support/json_values.hpp"

namespace loopscope::watch {
namespace {

using json = nlohmann::ordered_json;

json loop_json(const loop_figures& loop) {
  return {{"tid", loop.tid},
          {"name", text_or_null(loop.name)},
          {"wait", text_or_null(loop.wait)},
          {"turns", loop.turns},
          {"busy_share", rounded(loop.busy_share)},
          {"turn_us",
           {{"p50", microseconds(loop.p50)},
            {"p99", microseconds(loop.p99)},
            {"p99_9", microseconds(loop.p999)},
            {"max", microseconds(loop.max)}}},
          {"stalls", loop.stalls},
          {"stalled_ms", milliseconds(loop.stalled)}};
}

json process_json(const process_figures& process) {
  json loops = json::array();
  for (const auto& each : process.loops) loops.push_back(loop_json(each));
  return {{"pid", process.pid}, {"command", process.command}, {"loops", std::move(loops)}, {"unseen", process.unseen}};
}

json stall_json(const process_stall& stall) {
  json out = {{"pid", stall.pid}};
  out.update(records::stall_json(stall.record));
  return out;
}

json culprit_json(const culprit_figures& culprit) {
  return {{"function", text_or_null(culprit.function)},
          {"file", text_or_null(culprit.file)},
          {"line", culprit.line > 0 ? json(culprit.line) : json(nullptr)},
          {"verdict", monitor::to_string(culprit.verdict)},
          {"stalls", culprit.stalls},
          {"total_ms", milliseconds(culprit.total)},
          {"longest_ms", milliseconds(culprit.longest)}};
}

json others_json(const other_culprits& others) {
  return {{"function", nullptr},
          {"file", nullptr},
          {"line", nullptr},
          {"verdict", nullptr},
          {"stalls", others.stalls},
          {"total_ms", milliseconds(others.total)},
          {"longest_ms", milliseconds(others.longest)}};
}

json culprits_json(const watch_report& report) {
  json list = json::array();
  for (const auto& each : report.culprits) list.push_back(culprit_json(each));
  if (report.others.stalls > 0) list.push_back(others_json(report.others));
  return list;
}

json exit_json(const std::optional<exit_status>& exit) {
  if (!exit) return nullptr;
  return {{exit->by_signal ? "signal" : "code", exit->number}};
}

}  // namespace

std::string to_json_text(const watch_report& report) {
  json processes = json::array();
  for (const auto& each : report.processes) processes.push_back(process_json(each));
  json stalls = json::array();
  for (const auto& each : report.stalls) stalls.push_back(stall_json(each));
  const json document = {{"command", report.command},
                         {"watched_s", rounded(std::chrono::duration<double>(report.watched).count())},
                         {"processes", std::move(processes)},
                         {"stalls", std::move(stalls)},
                         {"culprits", culprits_json(report)},
                         {"exit", exit_json(report.exit)}};
  return json_text(document, 2) + '\n';
}

}  // namespace loopscope::watch
