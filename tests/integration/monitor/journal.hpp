// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "loopscope/monitor/stall_record.hpp"

namespace lab {

using nlohmann::json;
using std::chrono::milliseconds;

inline std::int64_t ns_of(std::chrono::steady_clock::time_point t) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
}

inline double ms_of(std::chrono::nanoseconds d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

/// Prints lines of JSON: what the program measured of its blocks, and what the monitor told of its stalls.
///
/// A line waits in memory until a thread of the journal prints it, so that no handler wakes a reader of the pipe, which
/// would then preempt it. Threads: any. Lifetime: the watched monitor outlives the journal, or the call of flush().
class journal {
 public:
  using stalls = std::function<std::vector<loopscope::monitor::stall_record>()>;

  static journal& get();

  void add(json line);

  /// Prints each ended stall once, when its record has had time to become complete.
  void watch(stalls recent);

  /// Waits for late explanations, prints everything and forgets the monitor.
  void flush();

  /// Calls the function while no lock of the journal is held by another thread: for fork().
  template <class Function>
  auto undisturbed(Function function) {
    const std::scoped_lock lock(printing_, mutex_);
    return function();
  }

  /// Prints what is there; for the process that fork() made, which has no thread of the journal.
  void print(bool all);

 private:
  journal();

  std::mutex mutex_;
  std::vector<json> lines_;
  std::mutex printing_;
  stalls recent_;
  std::set<std::pair<std::string, std::uint64_t>> printed_;
  std::jthread printer_;
};

}  // namespace lab
