// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loaded_module.hpp"
#include "process_memory.hpp"
#include "sleep_state.hpp"
#include "stack_sampler.hpp"

namespace loopscope::monitor {

/// The stack of a thread, as it was at one moment.
struct unwound_stack {
  raw_stack stack;
  /// Why the stack is empty.
  std::string no_stack_reason;
};

/// Unwinds copies of stacks of one process from outside.
///
/// It starts from the registers of the copy and follows the unwind tables of the process's files. For a sleeping
/// thread, these are the stack pointer and the program counter, which the kernel shows without the thread's noticing.
/// Where the tables need the frame pointer, it is searched for on the stack: its frame has to return to behind a call
/// of the function that is being left. Code that a runtime has made (in executable memory of no file) is left by its
/// frame pointer, as long as that leads to behind calls; in other processes, so is all code without tables. Elsewhere a
/// stack ends there, before its bottom, and after 1,024 frames. The files stay open until the process loads or unloads
/// a library. Milliseconds for the first stack, then less than one. What takes an address knows the files of the last
/// stack. Threads: one at a time. Source: proc(5), libdwfl of elfutils 0.188.
class unwinder {
 public:
  explicit unwinder(pid_t pid);
  unwinder(const unwinder&) = delete;
  unwinder& operator=(const unwinder&) = delete;
  ~unwinder();

  /// Opens the process's files, so that the first stack takes no longer than others.
  void blocking_prepare();

  /// The stack of a thread of this process, as it was copied. Words outside of the copy are read from the process. If
  /// the thread has gone on meanwhile, the stack ends where one of them was needed.
  unwound_stack blocking_unwind(const stack_copy& copy);

  /// The symbols of the innermost frames of a stack that lie in the same file as the first one, at most 8, so mostly of
  /// the C library. Empty strings for those without a symbol.
  std::vector<std::string> blocking_library_functions(const raw_stack& stack) const;

  /// Where the function at an address begins, by the unwind tables; nullopt for no code.
  std::optional<std::uintptr_t> blocking_function_start(std::uintptr_t address);

 private:
  struct modules;

  pid_t pid_;
  process_memory memory_;
  loaded_modules loaded_;
  std::unique_ptr<modules> modules_;
};

}  // namespace loopscope::monitor
