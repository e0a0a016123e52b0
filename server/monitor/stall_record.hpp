#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loopscope::monitor {

/// What kept a loop from running its next handler.
enum class verdict : std::uint8_t {
  on_cpu,       ///< its thread was computing
  off_cpu,      ///< its thread slept in a system call or on a lock
  run_queue,    ///< its thread could run, but others had the CPU
  throttled,    ///< the cgroup's CPU quota was used up
  descheduled,  ///< the machine ran neither the loop nor the watchdog: no code is to blame
};
inline constexpr std::size_t verdict_count = 5;

std::string_view to_string(verdict v) noexcept;

/// Whether one handler held the loop, or many short ones queued in front of the probe.
enum class culprits : std::uint8_t {
  one,      ///< every sample showed the same handler, and no other handler ran
  many,     ///< samples or activity scopes showed progress
  unknown,  ///< too little evidence: fewer than two stacks, or no activity scope to count handlers
};

std::string_view to_string(culprits c) noexcept;

struct stack_frame {
  std::string function;  ///< qualified, without parameters and template arguments; empty when unknown
  std::string file;      ///< relative to options::source_root where it lies there; empty when unknown
  int line = 0;          ///< 0 when unknown
};

/// The system call that a loop's thread slept in.
struct blocked_call {
  std::string name;
  std::optional<int> fd;
  std::string path;          ///< of the fd, such as "/data/sync.txt" or "pipe:[4711]"; empty when there is none
  std::string wait_channel;  ///< the kernel function it slept in; empty when the kernel does not tell
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
/// Units: durations are steady-clock. duration = cpu + run_queue + off_cpu; what the kernel does not tell is
/// nullopt. A value: holds no reference to the monitor. started is set once, when the stall is found, and stays
/// what it is in every later record of the stall, even if the system clock is set meanwhile.
struct stall_record {
  std::uint64_t id = 0;
  std::chrono::system_clock::time_point started{};
  /// The same moment on the steady clock, which orders stalls and tells their age.
  std::chrono::steady_clock::time_point started_steady{};
  std::chrono::nanoseconds duration{0};
  bool in_progress = false;
  std::string loop;
  verdict why = verdict::on_cpu;
  std::optional<std::chrono::nanoseconds> cpu;
  std::optional<std::chrono::nanoseconds> run_queue;
  std::optional<std::chrono::nanoseconds> off_cpu;
  std::optional<blocked_call> call;
  /// Innermost first, of the first sample that has one.
  std::vector<stack_frame> stack;
  /// Index into stack of the application's own frame; nullopt when every frame is a library's.
  std::optional<std::size_t> culprit;
  /// Why stack is empty.
  std::string no_stack_reason;
  culprits handlers = culprits::unknown;
  /// The application's own frames that later samples showed instead of the first's.
  std::vector<stack_frame> other_culprits;
  std::optional<request_info> request;
  /// Earlier stalls with the same stack.
  std::uint64_t repeats = 0;
  /// Reports that the cap per minute held back since the last one.
  std::uint64_t suppressed = 0;
  /// Complete options::settle_time after the stall's end.
  delayed_requests delayed;
  std::string sentence;
};

}  // namespace loopscope::monitor
