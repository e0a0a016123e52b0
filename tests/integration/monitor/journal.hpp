// SPDX-License-Identifier: MIT

#pragma once

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "lab_api.hpp"
#include "loopscope/monitor/loop_watch.hpp"

namespace lab {

using nlohmann::json;
using std::chrono::milliseconds;

inline std::int64_t ns_of(std::chrono::steady_clock::time_point t) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
}

inline double ms_of(std::chrono::nanoseconds d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

inline json to_json(const loopscope::monitor::stall_record& r) {
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
  if (r.call) out["call"] = r.call->name;
  if (r.request) out["request"] = r.request->route;
  add_thread(out, r);
  return out;
}

/// Prints lines of JSON: what the program measured of its blocks, and what the monitor told of its stalls.
///
/// A line waits in memory until a thread of the journal prints it, so that no handler wakes a reader of the pipe, which
/// would then preempt it. Threads: any. Lifetime: the watched monitor outlives the journal, or the call of flush().
class journal {
 public:
  using stalls = std::function<std::vector<loopscope::monitor::stall_record>()>;

  journal() {
    printer_ = std::jthread([this](const std::stop_token& stop) {
      ::pthread_setname_np(::pthread_self(), "journal");
      while (!stop.stop_requested()) {
        std::this_thread::sleep_for(milliseconds{20});
        print(false);
      }
    });
  }

  static journal& get() {
    static auto* one = new journal;  // never destroyed: a program may call std::exit() on any thread
    return *one;
  }

  void add(json line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }

  /// Prints each ended stall once, when its record has had time to become complete.
  void watch(stalls recent) {
    const std::lock_guard printing(printing_);
    recent_ = std::move(recent);
  }

  /// Waits for late explanations, prints everything and forgets the monitor.
  void flush() {
    std::this_thread::sleep_for(complete_after);
    print(true);
    watch({});
  }

  /// Calls the function while no lock of the journal is held by another thread: for fork().
  template <class Function>
  auto undisturbed(Function function) {
    const std::scoped_lock lock(printing_, mutex_);
    return function();
  }

  /// Prints what is there; for the process that fork() made, which has no thread of the journal.
  void print(bool all) {
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

 private:
  /// Longer than options::settle_time, after which a record does not change.
  static constexpr milliseconds complete_after{400};

  static void write(const json& line) {
    const auto text = line.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
    for (std::size_t done = 0; done < text.size();) {
      const auto n = ::write(STDOUT_FILENO, text.data() + done, text.size() - done);
      if (n <= 0) return;
      done += static_cast<std::size_t>(n);
    }
  }

  std::mutex mutex_;
  std::vector<json> lines_;
  std::mutex printing_;
  stalls recent_;
  std::set<std::pair<std::string, std::uint64_t>> printed_;
  std::jthread printer_;
};

}  // namespace lab
