#pragma once

#include <string>
#include <vector>

#include "server/monitor/stall_record.hpp"
#include "stack_sampler.hpp"

namespace loopscope::monitor {

/// Converts addresses to functions, files and lines, inlined calls included, from the program's debug information.
///
/// Without debug information, files and lines are empty and functions come from the symbol table. What is read is freed
/// again; only the names of some thousand addresses are cached, for the whole process. Threads: any; a lock serializes
/// them.
class symbolizer {
 public:
  /// Files below source_root are shown relative to it.
  explicit symbolizer(std::string source_root);

  /// Reads the program's files for new addresses, which takes milliseconds. Called on the watchdog.
  std::vector<stack_frame> blocking_frames(const raw_stack& stack) const;

 private:
  std::string source_root_;
};

}  // namespace loopscope::monitor
