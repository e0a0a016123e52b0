// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operation.hpp"

namespace loopscope::monitor {

/// What kept a loop from running its next handler.
enum class verdict : std::uint8_t {
  on_cpu,       ///< its thread was computing
  off_cpu,      ///< its thread slept in a system call or on a lock
  run_queue,    ///< its thread was runnable, but other threads had the CPU
  throttled,    ///< the cgroup's CPU quota was used up
  descheduled,  ///< the machine ran neither the loop nor the watchdog: no code is to blame
};
inline constexpr std::size_t verdict_count = 5;

std::string_view to_string(verdict v) noexcept;

/// Whether one handler held the loop, or many short ones were queued in front of the probe.
enum class handler_count : std::uint8_t {
  one,      ///< every sample showed the same handler, and no other handler ran
  many,     ///< stacks or activities changed between samples
  unknown,  ///< too little evidence: fewer than two stacks, or no attributed executor to count handlers
};

std::string_view to_string(handler_count c) noexcept;

struct stack_frame {
  std::string function;  ///< qualified, without parameters and template arguments; empty when unknown
  std::string file;      ///< relative to options::source_root if it lies below it; empty when unknown
  int line = 0;          ///< 0 when unknown
  bool is_jit = false;   ///< code that a runtime made while it ran, such as a JavaScript function
  bool is_loop = false;  ///< the function that the event loop waits in, where it is known by its address
};

/// The system call that a loop's thread slept in, or, in another process, that it was in again and again on its CPU.
struct blocked_call {
  std::string name;
  std::optional<int> fd;
  std::string path;          ///< of the descriptor, such as "/data/sync.txt" or "pipe:[4711]"; empty without one
  std::string wait_channel;  ///< the kernel function that it slept in; empty when the kernel does not show it
  /// Of a socket or pipe, such as "127.0.0.1:5432", "unix:/run/db.sock", "pipe read by 4711 (cat)"; empty when unknown.
  std::string peer{};
};

/// What a thread that sleeps in a futex waits for.
enum class lock_kind : std::uint8_t { mutex, shared_mutex, condition_variable, unknown };

std::string_view to_string(lock_kind k) noexcept;

/// The thread that holds the lock a stalled thread waits for, at the moment of the stack.
struct lock_holder {
  pid_t tid = 0;
  std::string thread_name;
  bool running = false;              ///< it was running, so that its stack is unknown
  std::optional<blocked_call> call;  ///< where it slept
  std::vector<stack_frame> stack;    ///< innermost first
  std::optional<std::size_t> culprit;
};

struct request_info {
  std::uint64_t id = 0;
  std::string route;
  std::string query;
};

struct delayed_requests {
  std::uint64_t count = 0;
  std::chrono::nanoseconds max{0};
};

/// One stall of one loop, as far as it is known.
///
/// Units: durations are steady-clock. duration = cpu + run_queue + off_cpu; a part that the kernel does not report is
/// nullopt. A value: holds no reference to the monitor. started is set once, when the stall is found. Every later
/// record of the stall has the same value, even if the system clock is set meanwhile.
struct stall_record {
  std::uint64_t id = 0;
  std::chrono::system_clock::time_point started{};
  /// The same moment on the steady clock. Use it to order stalls and to compute their age.
  std::chrono::steady_clock::time_point started_steady{};
  std::chrono::nanoseconds duration{0};
  bool in_progress = false;
  std::string loop;
  /// The thread that was blocked.
  pid_t tid = 0;
  std::string thread_name;
  /// Threads of the loop, and those of them that waited for work, when the record was made.
  std::size_t threads = 1;
  std::size_t free_threads = 0;
  monitor::verdict verdict = monitor::verdict::on_cpu;
  std::optional<std::chrono::nanoseconds> cpu;
  std::optional<std::chrono::nanoseconds> run_queue;
  std::optional<std::chrono::nanoseconds> off_cpu;
  std::optional<blocked_call> call;
  /// What it waited for in a futex, and who held it.
  std::optional<lock_kind> lock;
  std::optional<lock_holder> holder;
  /// Innermost frame first, from the first sample that has a stack. Of more than 128 calls, the 64 innermost and the 64
  /// outermost.
  std::vector<stack_frame> stack;
  /// Index into stack of the application's innermost frame; nullopt when every frame belongs to a library.
  std::optional<std::size_t> culprit;
  /// The asynchronous operation whose handler it was, in a program that is compiled with handler_tracking.hpp.
  std::optional<monitor::operation> operation;
  /// The coroutines that await the blocked one, innermost first.
  std::vector<stack_frame> awaited_by;
  /// Why stack is empty.
  std::string no_stack_reason;
  handler_count handlers = handler_count::unknown;
  /// With handlers == many on a counted run loop: how many handlers were queued, and how long the longest one took.
  std::uint64_t queued_handlers = 0;
  std::chrono::nanoseconds longest_handler{0};
  /// The application's innermost frames in later samples, where they differ from the first sample's.
  std::vector<stack_frame> other_culprits;
  std::optional<request_info> request;
  /// Earlier stalls with the same stack.
  std::uint64_t repeats = 0;
  /// Reports that the cap per minute held back since the last report.
  std::uint64_t suppressed = 0;
  /// Complete options::settle_time after the end of the stall.
  delayed_requests delayed;
  std::string sentence;
};

}  // namespace loopscope::monitor
