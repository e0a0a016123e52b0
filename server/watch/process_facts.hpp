// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "preload/watch_map.hpp"
#include "program_image.hpp"

namespace loopscope::watch {

/// Why the threads of a process cannot be stopped for a look at their stacks.
enum class trace_obstacle {
  ptrace_forbidden,  ///< a seccomp filter of the watcher
  yama_off,          ///< kernel.yama.ptrace_scope is 3
  yama_admin,        ///< it is 2, and the watcher has not the capability
  yama_not_below,    ///< it is 1, and the process is no descendant of the watcher any more
  another_tracer,    ///< such as a debugger
  another_user,
  not_dumpable,  ///< the process forbids it, or gained privileges
  unknown,
};

struct thread_time {
  pid_t tid = 0;
  std::chrono::nanoseconds awake{0};  ///< on a CPU, or waiting for one

  bool operator==(const thread_time&) const = default;
};

/// Times of the threads of a process. `taken_at`: steady clock.
struct thread_times {
  std::chrono::nanoseconds taken_at{0};
  std::vector<thread_time> threads;
};

/// What /proc tells about a process below the command. Absent: the kernel did not tell, or the process was gone.
struct process_facts {
  pid_t pid = 0;
  std::string name;
  std::optional<program_image> image;
  std::optional<bool> library_loaded;
  std::optional<bool> preload_kept;   ///< LD_PRELOAD named the library when it started
  std::optional<bool> map_kept;       ///< LOOPSCOPE_WATCH_MAP was set when it started
  std::optional<bool> gained_rights;  ///< setuid, setgid or file capabilities: AT_SECURE
  std::optional<trace_obstacle> obstacle;
  bool same_user = true;
  bool other_pid_namespace = false;
  pid_t pid_in_namespace = 0;
  bool uses_io_uring = false;
  thread_times times;
};

/// The process and all below it now, the oldest first. Errors: empty when it has ended. Blocks: reads /proc.
std::vector<pid_t> blocking_find_descendants(pid_t root);

/// What is said about one process. `preload`: what LD_PRELOAD must name. Errors: nullopt when the process is gone; what
/// vanishes in between is absent. Blocks: reads /proc and the head of the program's file.
/// Source: proc(5), ptrace(2) on access modes (the file mem asks for the mode of an attach), auxv: getauxval(3).
std::optional<process_facts> blocking_collect_facts(pid_t pid, const std::string& preload);

/// What the shared map says about a process. `pid`: as it stands there, in the process's own PID namespace.
struct map_facts {
  bool registered = false;
  bool has_loop = false;
  std::size_t users = 1;  ///< processes that may have written it
  std::uint32_t lost_threads = 0;
};

map_facts find_map_facts(const watch_map& map, pid_t pid) noexcept;

/// A thread that never slept between two looks.
struct spinning_thread {
  pid_t tid = 0;
  std::chrono::nanoseconds lasted{0};
};

/// nullopt when there is none, or less than a second between the looks.
std::optional<spinning_thread> find_spinning_thread(const thread_times& earlier, const thread_times& later);

// Parsers of kernel text.

/// The value of AT_SECURE. Errors: nullopt when it is not there.
std::optional<bool> parse_secure(std::string_view auxv);
/// The value of a variable in an environ file. Errors: nullopt when it is not set.
std::optional<std::string> parse_variable(std::string_view environ_text, std::string_view name);

}  // namespace loopscope::watch
