// SPDX-License-Identifier: MIT

#include "stall_json.hpp"

#include <optional>
#include <string>
#include <vector>

#include "server/support/json_values.hpp"

namespace loopscope::records {
namespace {

json line_or_null(int line) {
  return line > 0 ? json(line) : json(nullptr);
}

json frame_json(const monitor::stack_frame& frame) {
  return {{"function", text_or_null(frame.function)},
          {"file", text_or_null(frame.file)},
          {"line", line_or_null(frame.line)}};
}

json frames_json(const std::vector<monitor::stack_frame>& frames) {
  json list = json::array();
  for (const auto& each : frames) list.push_back(frame_json(each));
  return list;
}

json culprit_json(const std::vector<monitor::stack_frame>& stack, std::optional<std::size_t> culprit) {
  return culprit && *culprit < stack.size() ? frame_json(stack[*culprit]) : json(nullptr);
}

json thread_json(pid_t tid) {
  return tid > 0 ? json(tid) : json(nullptr);
}

json request_json(const std::optional<monitor::request_info>& request) {
  if (!request) return nullptr;
  return {{"id", request->id}, {"route", request->route}, {"query", request->query}};
}

json operation_json(const std::optional<monitor::operation>& operation) {
  if (!operation) return nullptr;
  return {{"object", text_or_null(operation->object)},
          {"name", text_or_null(operation->name)},
          {"function", text_or_null(operation->function)},
          {"file", text_or_null(operation->file)},
          {"line", line_or_null(operation->line)}};
}

void add_call(json& to, const std::optional<monitor::blocked_call>& call) {
  to["syscall"] = call ? text_or_null(call->name) : json(nullptr);
  to["fd"] = call ? or_null(call->fd) : json(nullptr);
  to["path"] = call ? text_or_null(call->path) : json(nullptr);
  to["peer"] = call ? text_or_null(call->peer) : json(nullptr);
  to["wait_channel"] = call ? text_or_null(call->wait_channel) : json(nullptr);
}

json holder_json(const std::optional<monitor::lock_holder>& holder) {
  if (!holder) return nullptr;
  json out = {{"tid", thread_json(holder->tid)},
              {"thread_name", text_or_null(holder->thread_name)},
              {"running", holder->running}};
  add_call(out, holder->call);
  out["stack"] = frames_json(holder->stack);
  out["culprit"] = culprit_json(holder->stack, holder->culprit);
  return out;
}

void add_thread(json& to, const monitor::stall_record& stall) {
  to["tid"] = thread_json(stall.tid);
  to["thread_name"] = text_or_null(stall.thread_name);
  to["threads"] = stall.threads;
  to["free_threads"] = stall.free_threads;
}

void add_time(json& to, const monitor::stall_record& stall) {
  to["verdict"] = monitor::to_string(stall.verdict);
  to["cpu_ms"] = milliseconds(stall.cpu);
  to["run_queue_ms"] = milliseconds(stall.run_queue);
  to["off_cpu_ms"] = milliseconds(stall.off_cpu);
}

void add_place(json& to, const monitor::stall_record& stall) {
  to["stack"] = frames_json(stall.stack);
  to["no_stack_reason"] = text_or_null(stall.no_stack_reason);
  to["culprit"] = culprit_json(stall.stack, stall.culprit);
  to["other_culprits"] = frames_json(stall.other_culprits);
  to["awaited_by"] = frames_json(stall.awaited_by);
  to["operation"] = operation_json(stall.operation);
}

void add_handlers(json& to, const monitor::stall_record& stall) {
  const bool counted = stall.queued_handlers > 0;
  to["handlers"] = monitor::to_string(stall.handlers);
  to["queued_handlers"] = counted ? json(stall.queued_handlers) : json(nullptr);
  to["longest_handler_ms"] = counted ? milliseconds(stall.longest_handler) : json(nullptr);
}

void add_reports(json& to, const monitor::stall_record& stall) {
  to["request"] = request_json(stall.request);
  to["repeats"] = stall.repeats;
  to["suppressed_reports"] = stall.suppressed;
  to["delayed_requests"] = {{"count", stall.delayed.count},
                            {"max_ms", stall.delayed.count > 0 ? milliseconds(stall.delayed.max) : json(nullptr)}};
  to["sentence"] = text_or_null(stall.sentence);
}

}  // namespace

json stall_json(const monitor::stall_record& stall) {
  json out = {{"id", stall.id},
              {"started", timestamp(stall.started)},
              {"duration_ms", milliseconds(stall.duration)},
              {"in_progress", stall.in_progress},
              {"loop", stall.loop}};
  add_thread(out, stall);
  add_time(out, stall);
  add_call(out, stall.call);
  out["lock"] = stall.lock ? json(monitor::to_string(*stall.lock)) : json(nullptr);
  out["holder"] = holder_json(stall.holder);
  add_place(out, stall);
  add_handlers(out, stall);
  add_reports(out, stall);
  return out;
}

json stall_summary_json(const monitor::stall_record& stall) {
  return {{"id", stall.id},
          {"started", timestamp(stall.started)},
          {"started_monotonic_ms", milliseconds(stall.started_steady.time_since_epoch())},
          {"duration_ms", milliseconds(stall.duration)},
          {"verdict", monitor::to_string(stall.verdict)},
          {"culprit", culprit_json(stall.stack, stall.culprit)},
          {"request", request_json(stall.request)},
          {"sentence", text_or_null(stall.sentence)}};
}

}  // namespace loopscope::records
