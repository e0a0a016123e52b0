// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/monitor/stall_record.hpp"
#include "server/watch/exit_status.hpp"

namespace loopscope::watch {

/// One event loop: a thread that returned to its wait for events again and again.
///
/// Units: durations of CLOCK_MONOTONIC. A figure that was not measured is nullopt.
struct loop_figures {
  pid_t tid = 0;
  std::string name;  ///< of the thread
  std::string wait;  ///< the call in which it waits for events: "epoll_pwait"
  std::uint64_t turns = 0;
  std::optional<double> busy_share;  ///< of the time since its first wait; 1 is all the time
  /// How long a turn took, from the return of a wait to the next wait.
  std::optional<std::chrono::nanoseconds> p50;
  std::optional<std::chrono::nanoseconds> p99;
  std::optional<std::chrono::nanoseconds> p999;
  std::optional<std::chrono::nanoseconds> max;
  std::uint64_t stalls = 0;
  std::chrono::nanoseconds stalled{0};
  std::size_t threads = 1;  ///< that run this loop
};

struct process_figures {
  pid_t pid = 0;
  std::string command;  ///< its command line in one text
  std::vector<loop_figures> loops;
  std::vector<std::string> unseen;  ///< sentences: what could not be seen of it, and why
};

struct process_stall {
  pid_t pid = 0;
  monitor::stall_record record;
};

/// The ended stalls of one place in the program, with one verdict.
struct culprit_figures {
  std::string function;  ///< empty when no frame is the program's own, or has no name
  std::string file;      ///< empty when unknown
  int line = 0;          ///< of its first stall; 0 when unknown
  monitor::verdict verdict = monitor::verdict::on_cpu;
  std::string call;          ///< what the longest of them slept in: "write on /srv/test.txt"; empty when unknown
  std::string native_frame;  ///< with neither function nor file: the innermost frame that has a name; else empty
  bool has_stack = false;    ///< of some of its stalls
  std::uint64_t stalls = 0;
  std::chrono::nanoseconds total{0};
  std::chrono::nanoseconds longest{0};
};

/// The stalls of the places that are not listed one by one.
struct other_culprits {
  std::uint64_t stalls = 0;
  std::chrono::nanoseconds total{0};
  std::chrono::nanoseconds longest{0};
};

/// All that `loopscope watch` tells at the end. A value.
struct watch_report {
  std::vector<std::string> command;
  std::chrono::nanoseconds watched{0};
  std::chrono::nanoseconds threshold{0};  ///< a turn that took so long is a stall
  std::vector<process_figures> processes;
  std::vector<process_stall> stalls;
  std::uint64_t stalls_left_out = 0;      ///< counted, but not in `stalls`
  std::vector<culprit_figures> culprits;  ///< most expensive first
  other_culprits others;
  std::optional<exit_status> exit;  ///< nullopt: it still ran
  std::vector<std::string> added;   ///< to its environment: "NODE_OPTIONS=--perf-basic-prof"
};

}  // namespace loopscope::watch
