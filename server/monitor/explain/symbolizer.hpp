#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server/monitor/stall_record.hpp"
#include "stack_sampler.hpp"

namespace loopscope::monitor {

/// Converts addresses to functions, files and lines, inlined calls included, from the program's debug information.
///
/// Without debug information, files and lines are empty and functions come from the symbol table. The names of some
/// thousand addresses are kept, those of this process for all symbolizers, until their library is unloaded. An empty
/// answer is not kept. Threads: any; a lock serializes them.
class symbolizer {
 public:
  /// Files below source_root are shown relative to it. pid: 0 for this process.
  explicit symbolizer(std::string source_root, pid_t pid = 0);

  /// Reads the program's files for new addresses: the first time 10 to 100 ms, later milliseconds.
  std::vector<stack_frame> blocking_frames(const raw_stack& stack) const;
  /// Why nothing can be named; empty when something can.
  std::string blocking_obstacle() const;
  /// Reads what naming the unit of main() needs, so that the first question is answered sooner.
  void blocking_warm_up() const;
  /// Frees what was read if there has been no question for this long. The names that are kept stay.
  void release_unused(std::chrono::nanoseconds unused_for) const;

 private:
  struct process;
  static process& own_process();
  process& names() const;

  std::string source_root_;
  std::shared_ptr<process> other_process_;  // nullptr: this process
};

}  // namespace loopscope::monitor
