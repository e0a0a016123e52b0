// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/monitor/stall_record.hpp"
#include "stack_sampler.hpp"

namespace loopscope::monitor {

/// Converts addresses to functions, files and lines, inlined calls included, from the program's debug information.
///
/// Without debug information, files and lines are empty and functions come from the symbol table; without that, in
/// another process, the file is the library or program. Code that a runtime has made is named by its perf map (see
/// jit_names). The names of some thousand addresses are kept, those of this process for all symbolizers, until their
/// library is unloaded. An empty answer is not kept. Threads: any; a lock serializes them.
class symbolizer {
 public:
  /// Files below source_root are shown relative to it. pid: 0 for this process.
  explicit symbolizer(std::string source_root, pid_t pid = 0);
  /// The same process as another symbolizer's, with what that has read.
  symbolizer(const symbolizer& other, std::string source_root);

  /// Reads the program's files for new addresses: the first time 10 to 100 ms, later milliseconds.
  std::vector<stack_frame> blocking_frames(const raw_stack& stack) const;
  /// The same for each address: one or more frames. Ends after fewer addresses when should_stop() returns true.
  std::vector<std::vector<stack_frame>> blocking_frames_by_address(const raw_stack& stack,
                                                                   const std::function<bool()>& should_stop) const;
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
