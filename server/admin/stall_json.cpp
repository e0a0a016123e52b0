#include "stall_json.hpp"

namespace loopscope::admin {
namespace {

json frame_json(const monitor::stack_frame& frame) {
  return {{"function", text_or_null(frame.function)},
          {"file", text_or_null(frame.file)},
          {"line", frame.line > 0 ? json(frame.line) : json(nullptr)}};
}

json frames_json(const std::vector<monitor::stack_frame>& frames) {
  json out = json::array();
  for (const auto& each : frames) out.push_back(frame_json(each));
  return out;
}

json request_json(const std::optional<monitor::request_info>& request) {
  if (!request) return nullptr;
  return {{"id", request->id}, {"route", request->route}, {"query", request->query}};
}

json culprit_frame_json(const monitor::stall_record& stall) {
  return stall.culprit && *stall.culprit < stall.stack.size() ? frame_json(stall.stack[*stall.culprit]) : json(nullptr);
}

}  // namespace

json stall_json(const monitor::stall_record& stall) {
  const auto& call = stall.call;
  return {
      {"id", stall.id},
      {"started", timestamp(stall.started)},
      {"duration_ms", milliseconds(stall.duration)},
      {"in_progress", stall.in_progress},
      {"loop", stall.loop},
      {"verdict", monitor::to_string(stall.verdict)},
      {"cpu_ms", milliseconds(stall.cpu)},
      {"run_queue_ms", milliseconds(stall.run_queue)},
      {"off_cpu_ms", milliseconds(stall.off_cpu)},
      {"syscall", call ? text_or_null(call->name) : json(nullptr)},
      {"fd", call ? or_null(call->fd) : json(nullptr)},
      {"path", call ? text_or_null(call->path) : json(nullptr)},
      {"wait_channel", call ? text_or_null(call->wait_channel) : json(nullptr)},
      {"stack", frames_json(stall.stack)},
      {"no_stack_reason", text_or_null(stall.no_stack_reason)},
      {"culprit", culprit_frame_json(stall)},
      {"other_culprits", frames_json(stall.other_culprits)},
      {"handlers", monitor::to_string(stall.handlers)},
      {"request", request_json(stall.request)},
      {"repeats", stall.repeats},
      {"suppressed_reports", stall.suppressed},
      {"delayed_requests",
       {{"count", stall.delayed.count},
        {"max_ms", stall.delayed.count > 0 ? milliseconds(stall.delayed.max) : json(nullptr)}}},
      {"sentence", text_or_null(stall.sentence)},
  };
}

json stall_summary_json(const monitor::stall_record& stall) {
  return {{"id", stall.id},
          {"started", timestamp(stall.started)},
          {"started_monotonic_ms", milliseconds(stall.started_steady.time_since_epoch())},
          {"duration_ms", milliseconds(stall.duration)},
          {"verdict", monitor::to_string(stall.verdict)},
          {"culprit", culprit_frame_json(stall)},
          {"request", request_json(stall.request)},
          {"sentence", text_or_null(stall.sentence)}};
}

}  // namespace loopscope::admin
