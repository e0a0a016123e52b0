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
  auto out = short_function(frame.function);
  if (frame.file.empty()) return out;
  out += " (" + frame.file;
  if (frame.line > 0) out += ':' + std::to_string(frame.line);
  return out + ')';
}

std::string state_text(const stall_record& r) {
  switch (r.verdict) {
    case verdict::on_cpu:
      return "on CPU";
    case verdict::off_cpu: {
      if (!r.call) return "asleep";
      auto out = "asleep in " + r.call->name;
      if (!r.call->path.empty()) {
        out += " on " + r.call->path;
      } else if (r.call->fd) {
        out += " on descriptor " + std::to_string(*r.call->fd);
      }
      return out;
    }
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
  if (r.verdict == verdict::descheduled) return {};
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
  return places.empty() ? places : ", in " + places;
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

std::string to_sentence(const stall_record& r, const std::string& advice) {
  auto out = "loop " + r.loop + (r.in_progress ? " has been blocked for " : " was blocked for ") + in_ms(r.duration) +
             ", " + state_text(r) + place_text(r);
  if (r.handlers != handler_count::many) out += request_text(r);
  if (r.verdict == verdict::descheduled) out += ": no code is to blame";
  out += delayed_text(r);
  out += '.';
  if (!advice.empty()) out += ' ' + advice;
  return out;
}

}  // namespace loopscope::monitor
