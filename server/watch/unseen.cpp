// SPDX-License-Identifier: MIT

#include "unseen.hpp"

#include <cmath>

namespace loopscope::watch {
namespace {

bool is_musl(const program_image& image) {
  return image.interpreter.find("/ld-musl") != std::string::npos;
}

/// Of a program that has no library in it, whatever LD_PRELOAD says.
std::optional<std::string> reason_of_image(const program_image& image) {
  if (image.is_go) return "It is a Go program, which waits inside Go's runtime without libc: its loops are not seen.";
  if (!image.same_machine)
    return "It is made for another word size or machine than the library: its loops are not seen.";
  if (is_musl(image)) return "It runs with musl, and the library needs glibc: its loops are not seen.";
  if (image.interpreter.empty())
    return "It is linked statically, so that the library cannot be loaded: its loops are not seen.";
  return std::nullopt;
}

std::string reason_without_library(const process_facts& facts) {
  if (facts.image)
    if (auto reason = reason_of_image(*facts.image)) return *reason;
  if (facts.gained_rights.value_or(false))
    return "It gained rights when it started (setuid, setgid, capabilities), which ends preloading: no loop is seen.";
  if (facts.preload_kept == false)
    return "It was started with another LD_PRELOAD or none, so without the library: its loops are not seen.";
  if (!facts.library_loaded) return "It may not be looked into, and did not report itself: its loops are not seen.";
  return "It did not load the library, for a reason that is not known: its loops are not seen.";
}

std::string reason_without_words(const process_facts& facts) {
  if (facts.map_kept == false) return "LOOPSCOPE_WATCH_MAP was removed before it started: its loops are not seen.";
  if (!facts.same_user)
    return "It started as another user, who may not open the watcher's memory: its loops are not seen.";
  if (facts.other_pid_namespace)
    return "It runs in another PID namespace and did not find the watcher's memory: its loops are not seen.";
  return "It has the library but did not open the watcher's memory: its loops are not seen.";
}

std::string words_of(trace_obstacle obstacle) {
  switch (obstacle) {
    case trace_obstacle::ptrace_forbidden:
      return "A seccomp filter forbids ptrace";
    case trace_obstacle::yama_off:
      return "kernel.yama.ptrace_scope is 3";
    case trace_obstacle::yama_admin:
      return "kernel.yama.ptrace_scope is 2";
    case trace_obstacle::yama_not_below:
      return "It detached itself (kernel.yama.ptrace_scope is 1)";
    case trace_obstacle::another_tracer:
      return "Another program traces it";
    case trace_obstacle::another_user:
      return "It runs as another user";
    case trace_obstacle::not_dumpable:
      return "It forbids tracing (not dumpable)";
    case trace_obstacle::unknown:
      break;
  }
  return "The kernel forbids tracing";
}

std::string seconds(std::chrono::nanoseconds time) {
  return std::to_string(std::lround(std::chrono::duration<double>(time).count())) + " s";
}

/// Of a process that reports itself, but has no loop in the map.
std::optional<std::string> reason_without_loop(const observed_process& process) {
  if (process.facts.image && process.facts.image->is_go) return reason_of_image(*process.facts.image);
  if (process.facts.uses_io_uring)
    return "It waits with io_uring, which passes by libc, and with nothing else: its loops are not seen.";
  if (process.spinning)
    return "Thread " + std::to_string(process.spinning->tid) + " ran for " + seconds(process.spinning->lasted) +
           " without a wait: a loop that spins has no turns to measure.";
  return std::nullopt;
}

/// Why no loop of the process is in the map; nullopt when one is, or when nothing hides one.
std::optional<std::string> reason_of_no_loop(const observed_process& process) {
  if (process.map.has_loop) return std::nullopt;
  // An exec without the library keeps the words that the program before it had.
  if (!process.facts.library_loaded.value_or(process.map.registered)) return reason_without_library(process.facts);
  if (!process.map.registered) return reason_without_words(process.facts);
  return reason_without_loop(process);
}

}  // namespace

std::vector<std::string> unseen_of(const observed_process& process) {
  std::vector<std::string> out;
  const auto no_loop = reason_of_no_loop(process);
  if (no_loop) out.push_back(*no_loop);
  if (process.map.lost_threads > 0)
    out.push_back("The map has room for " + std::to_string(max_threads) + " threads; " +
                  std::to_string(process.map.lost_threads) + " of its threads came too late: they are not seen.");
  if (!no_loop && process.facts.obstacle)
    out.push_back(words_of(*process.facts.obstacle) + ": stalls have their time, but no stack.");
  if (process.map.users > 1)
    out.emplace_back("Processes of several PID namespaces have its ID: its loops are not seen.");
  return out;
}

std::optional<std::string> unseen_of_map(const watch_map& map) {
  const auto lost = map.lost_processes.load();
  if (lost == 0) return std::nullopt;
  return "The map has room for " + std::to_string(max_processes) + " processes; " + std::to_string(lost) +
         " came too late: they are not seen.";
}

}  // namespace loopscope::watch
