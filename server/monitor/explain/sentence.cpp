// SPDX-License-Identifier: MIT

#include "sentence.hpp"

#include <algorithm>
#include <chrono>

#include "function_name.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

// Milliseconds, with one decimal below 10 ms.
std::string in_ms(nanoseconds d) {
  const auto tenths = std::chrono::round<std::chrono::duration<long long, std::ratio<1, 10000>>>(d).count();
  if (tenths >= 100) return std::to_string(std::chrono::round<std::chrono::milliseconds>(d).count()) + " ms";
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " ms";
}

std::string to_place(const stack_frame& frame) {
  if (frame.function.empty()) return frame.file + ", which has no symbols";
  auto out = short_function(frame.function);
  if (frame.file.empty()) return out;
  out += " (" + frame.file;
  if (frame.line > 0) out += ':' + std::to_string(frame.line);
  return out + ')';
}

std::string thread_text(pid_t tid, const std::string& name) {
  return "thread " + std::to_string(tid) + (name.empty() ? "" : " (" + name + ')');
}

std::string holder_text(const stall_record& r) {
  if (!r.lock) return {};
  if (*r.lock == lock_kind::condition_variable) return " for a condition variable, which has no owner";
  if (*r.lock == lock_kind::unknown) return {};
  std::string out = *r.lock == lock_kind::mutex ? " for a mutex" : " for a shared mutex";
  if (!r.holder) return out;
  const auto& holder = *r.holder;
  out += " held by " + thread_text(holder.tid, holder.thread_name);
  if (holder.running) out += ", which runs";
  if (holder.call) out += ", which sleeps in " + call_text(*holder.call);
  if (holder.culprit) out += ", in " + to_place(holder.stack[*holder.culprit]);
  return out;
}

std::string state_text(const stall_record& r) {
  switch (r.verdict) {
    case verdict::on_cpu:
      return r.call ? "on CPU in " + call_text(*r.call) : "on CPU";
    case verdict::off_cpu:
      return (r.call ? "asleep in " + call_text(*r.call) : "asleep") + holder_text(r);
    case verdict::run_queue:
      return "runnable, but other threads had the CPU";
    case verdict::throttled:
      return "throttled by its cgroup's CPU quota";
    case verdict::descheduled:
      return "not run by the machine, and neither was the watchdog";
  }
  return {};
}

std::string place_text(const stall_record& r) {
  if (r.queued_handlers > 0)
    return ", by " + std::to_string(r.queued_handlers) + " handlers queued, longest " + in_ms(r.longest_handler) +
           ": no single culprit";
  std::string places;
  if (r.culprit) {
    const auto* separator = r.handlers == handler_count::many ? ", " : ", then ";
    places = to_place(r.stack[*r.culprit]);
    for (const auto& other : r.other_culprits) places += separator + to_place(other);
  }
  if (r.handlers == handler_count::many) {
    return ", in several handlers one after another" + (places.empty() ? places : ", such as " + places) +
           ": no single culprit";
  }
  if (places.empty()) return places;
  for (const auto& awaiting : r.awaited_by) places += ", awaited by " + to_place(awaiting);
  return ", in " + places;
}

std::string subject_text(const stall_record& r) {
  return r.threads > 1 && r.tid != 0 ? thread_text(r.tid, r.thread_name) + " of loop " + r.loop : "loop " + r.loop;
}

std::string free_text(const stall_record& r) {
  if (r.threads <= 1) return {};
  return "; " + std::to_string(r.free_threads) + " of " + std::to_string(r.threads) + " threads were free";
}

std::string operation_text(const stall_record& r) {
  if (!r.operation || r.handlers == handler_count::many) return {};
  auto out = ", in the handler of " + r.operation->name;
  if (!r.operation->file.empty()) out += " (" + r.operation->file + ':' + std::to_string(r.operation->line) + ')';
  return out;
}

std::string request_text(const stall_record& r) {
  if (!r.request) return {};
  auto out = " while serving " + r.request->route;
  if (!r.request->query.empty()) out += '?' + r.request->query;
  return out + " (request " + std::to_string(r.request->id) + ')';
}

std::string delayed_text(const stall_record& r) {
  if (r.delayed.count == 0) return {};
  const bool one = r.delayed.count == 1;
  return "; " + std::to_string(r.delayed.count) + (one ? " request waited " : " requests waited, the longest ") +
         in_ms(r.delayed.max);
}

}  // namespace

std::string call_text(const blocked_call& call) {
  auto out = call.name;
  if (!call.path.empty()) {
    out += " on " + call.path;
  } else if (call.fd) {
    out += " on descriptor " + std::to_string(*call.fd);
  }
  if (!call.peer.empty()) out += " (" + call.peer + ')';
  return out;
}

std::string to_sentence(const stall_record& r, const std::string& advice) {
  auto out = subject_text(r) + (r.in_progress ? " has been blocked for " : " was blocked for ") + in_ms(r.duration) +
             ", " + state_text(r) + place_text(r) + operation_text(r);
  if (r.handlers != handler_count::many) out += request_text(r);
  if (r.verdict == verdict::descheduled) out += ": no code is to blame";
  out += free_text(r);
  out += delayed_text(r);
  out += '.';
  if (!advice.empty()) out += ' ' + advice;
  return out;
}

}  // namespace loopscope::monitor
