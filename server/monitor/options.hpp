// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace loopscope::monitor {

struct stall_record;

/// The library chooses the signal that captures stacks: SIGRTMIN + 6.
inline constexpr int default_capture_signal = -1;

/// No stacks are captured, and every stall record says so. Verdict, call, file and request are still recorded.
inline constexpr int no_capture_signal = 0;

/// How one loop is watched. loop_monitor copies it; later changes have no effect.
///
/// Values that make no sense throw std::invalid_argument in the monitor's constructor: a threshold or an interval below
/// 1 ms or above 1 hour, a negative settle_time, a signal that does not exist.
/// Callbacks: on_stall, on_stall_end and on_warning run on a thread of the library that does nothing else, so that a
/// slow one delays only other reports. An exception that they throw is counted (snapshot::callback_errors) and dropped.
/// They may call any const member of the monitor. They must not destroy it. Signal: a thread that sleeps gets none. One
/// that computes during a stall gets this signal, so that it stores its stack. The first monitor that uses a signal
/// installs its handler for the life of the process. If the application already handles that signal, the library leaves
/// it alone and the records say so.
struct options {
  /// The name in records and sentences.
  std::string name = "loop";
  /// A loop that is blocked at least this long is stalled.
  std::chrono::milliseconds stall_threshold{25};
  /// Time between the deadlines at which lag is measured; at most stall_threshold is used. The cost on an idle loop is
  /// one wake-up of the watchdog per interval and one of the loop per five intervals: together 48 per second.
  std::chrono::milliseconds probe_interval{25};
  int capture_signal = default_capture_signal;
  /// Source files below this folder are shown relative to it.
  std::string source_root{};
  /// What no stall is blamed on, beside the libraries that are known to be such: the beginning of a function's
  /// qualified name ("nlohmann::"), or, with a slash, of a path or of a part of it ("third_party/json/").
  std::vector<std::string> library_prefixes{};
  /// Number of ended stalls that recent_stalls() returns.
  std::size_t recent_capacity = 64;
  /// Calls of on_stall per minute. Reports beyond it are counted in stall_record::suppressed of the next report.
  std::size_t reports_per_minute = 30;
  /// Number of activities (requests) that can be described at once. A stall of one beyond it names no request.
  std::size_t activity_capacity = 1024;
  /// After the end of a stall, delayed requests are added to its record for this long; then on_stall gets it.
  std::chrono::milliseconds settle_time{100};
  /// Called for reports: the first stall of a stack, then each doubling of its duration, and the end of every reported
  /// stall.
  std::function<void(const stall_record&)> on_stall{};
  /// Called for every stall when it has ended and its record is complete, whether it is reported or not.
  std::function<void(const stall_record&)> on_stall_end{};
  /// Called once when a loop runs in a way that hides something from the monitor: what, and what to do about it.
  /// Without it, the text goes to the standard error.
  std::function<void(const std::string&)> on_warning{};
  /// Returns the last part of the sentence, which says what to do about this stall; may be empty. Called by whoever
  /// reads records and before reports, so it must be quick and safe to call from several threads.
  std::function<std::string(const stall_record&)> advise{};
};

}  // namespace loopscope::monitor
