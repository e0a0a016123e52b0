// SPDX-License-Identifier: MIT

#include "journal.hpp"

#include <pthread.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace lab {

namespace {

/// Longer than options::settle_time, after which a record does not change.
constexpr milliseconds complete_after{400};

json to_json(const loopscope::monitor::stall_record& r) {
  json out{{"id", r.id},
           {"pid", ::getpid()},
           {"sentence", r.sentence},
           {"loop", r.loop},
           {"start_ns", ns_of(r.started_steady)},
           {"duration_ms", ms_of(r.duration)},
           {"in_progress", r.in_progress},
           {"verdict", to_string(r.verdict)},
           {"handlers", to_string(r.handlers)},
           {"no_stack_reason", r.no_stack_reason},
           {"frames", r.stack.size()}};
  if (r.culprit) {
    const auto& frame = r.stack[*r.culprit];
    out.update({{"function", frame.function}, {"file", frame.file}, {"line", frame.line}});
  }
  if (r.cpu) out["cpu_ms"] = ms_of(*r.cpu);
  if (r.run_queue) out["queue_ms"] = ms_of(*r.run_queue);
  if (r.request) out["request"] = r.request->route;
  out["tid"] = r.tid;
  out["thread_name"] = r.thread_name;
  out["threads"] = r.threads;
  out["free_threads"] = r.free_threads;
  if (r.call) out.update({{"call", r.call->name}, {"peer", r.call->peer}});
  if (r.holder) out["holder"] = r.holder->thread_name;
  if (r.holder && r.holder->culprit) out["holder_function"] = r.holder->stack[*r.holder->culprit].function;
  for (const auto& frame : r.awaited_by) out["awaited_by"].push_back(frame.function);
  return out;
}

void write(const json& line) {
  const auto text = line.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
  for (std::size_t done = 0; done < text.size();) {
    const auto n = ::write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace

journal::journal() {
  printer_ = std::jthread([this](const std::stop_token& stop) {
    ::pthread_setname_np(::pthread_self(), "journal");
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(milliseconds{20});
      print(false);
    }
  });
}

journal& journal::get() {
  static auto* one = new journal;  // never destroyed: a program may call std::exit() on any thread
  return *one;
}

void journal::add(json line) {
  const std::lock_guard lock(mutex_);
  lines_.push_back(std::move(line));
}

void journal::watch(stalls recent) {
  const std::lock_guard printing(printing_);
  recent_ = std::move(recent);
}

void journal::flush() {
  std::this_thread::sleep_for(complete_after);
  print(true);
  watch({});
}

void journal::print(bool all) {
  const std::lock_guard printing(printing_);
  if (recent_) {
    const auto now = std::chrono::steady_clock::now();
    for (const auto& r : recent_()) {
      const bool complete = all || now > r.started_steady + r.duration + complete_after;
      if (!r.in_progress && complete && printed_.insert({r.loop, r.id}).second) write(json{{"record", to_json(r)}});
    }
  }
  std::vector<json> lines;
  {
    const std::lock_guard adding(mutex_);
    lines.swap(lines_);
  }
  for (const auto& line : lines) write(line);
}

}  // namespace lab
