#pragma once

#include <string>
#include <vector>

#include "stack_catcher.hpp"
#include "stall_record.hpp"

namespace loopscope::monitor {

/// Turns addresses into functions, files and lines, inlined calls included, by the program's debug
/// information.
///
/// Without debug information files and lines stay empty, and functions are those of the symbol table. What is read of
/// it is given back; the names of some thousand addresses are kept, for the process. Threads: any, one at a time per
/// process (a lock).
class symboliser {
 public:
  /// Files below source_root are shown relative to it.
  explicit symboliser(std::string source_root);

  /// Reads the program's files where an address is new: milliseconds. Called on the watchdog.
  std::vector<stack_frame> blocking_frames(const raw_stack& stack) const;

 private:
  std::string source_root_;
};

}  // namespace loopscope::monitor
