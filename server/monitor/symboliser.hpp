#pragma once

#include <string>
#include <vector>

#include "stack_catcher.hpp"
#include "stall_record.hpp"

namespace loopscope::monitor {

/// Turns addresses into functions, files and lines, inlined calls included, by the program's debug
/// information.
///
/// Without debug information files and lines stay empty, and functions are those of the symbol table. Blocks
/// (reads the program's file), so it is used on the watchdog thread. Threads: any, one at a time per process
/// (a lock). Source: libbacktrace.
class symboliser {
 public:
  /// Files below source_root are shown relative to it.
  explicit symboliser(std::string source_root);

  /// Reads the debug information's index, once for the process: a fraction of a second in a large program.
  static void prime();
  /// That has been done: frames() will not wait for it.
  static bool ready() noexcept;

  std::vector<stack_frame> frames(const raw_stack& stack) const;

 private:
  std::string source_root_;
};

}  // namespace loopscope::monitor
