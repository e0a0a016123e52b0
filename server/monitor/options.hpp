#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace loopscope::monitor {

struct stall_record;

/// Lets the library pick the signal that captures stacks: SIGRTMIN + 6.
inline constexpr int default_capture_signal = -1;

/// Captures no stacks; every stall record says so. Verdict, call, file and request are still there.
inline constexpr int no_capture_signal = 0;

/// How one loop is watched. Copied by loop_monitor; later changes have no effect.
///
/// Callbacks: run on the watchdog thread, which serves every monitored loop, never on the loop. What they
/// throw is counted (snapshot::callback_errors) and dropped. They may call any const member of the monitor;
/// they must not destroy it. Signal: the first monitor that asks for a signal installs its handler for the
/// life of the process. A signal that the application handles already is left alone, and records say so. The
/// signal is sent only while a loop is stalled; system calls that it interrupts restart (SA_RESTART), except
/// those that never do: poll, select, epoll_wait, nanosleep, semop, socket calls with a time-out (signal(7)).
/// A blocked handler that makes such a call must treat EINTR as it would for any signal.
struct options {
  /// The name in records and sentences.
  std::string name = "loop";
  /// From this duration a blocked loop is a stall.
  std::chrono::milliseconds stall_threshold{25};
  /// Distance of the deadlines at which lag is measured; never longer than stall_threshold. The idle cost is
  /// one wake-up of the watchdog per interval and one of the loop per five: 48 a second together.
  std::chrono::milliseconds probe_interval{25};
  int capture_signal = default_capture_signal;
  /// Source files below this folder are shown relative to it.
  std::string source_root{};
  /// Stalls kept for recent_stalls().
  std::size_t recent_capacity = 64;
  /// Calls of on_stall in any minute; those beyond are counted in stall_record::suppressed of the next.
  std::size_t reports_per_minute = 30;
  /// Activities (requests) that can be described at once; beyond, a stall names no request.
  std::size_t activity_capacity = 1024;
  /// After a stall's end, how long delayed requests are still added to its record before on_stall gets it.
  std::chrono::milliseconds settle_time{100};
  /// Called for reports: the first of a stack, then at doubling durations, and the end of every reported
  /// stall.
  std::function<void(const stall_record&)> on_stall{};
  /// Returns the sentence's last part, what to do about this stall, or an empty string.
  std::function<std::string(const stall_record&)> advise{};
};

}  // namespace loopscope::monitor
