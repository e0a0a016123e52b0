// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <memory>

#include "detect/loop_thread.hpp"
#include "loop_watch.hpp"

namespace loopscope::monitor {

/// Watches a loop of another process, whose threads tell when they wait for events.
///
/// There are no probes, so that there are no lag figures, and no signals: a running thread is stopped for a moment by
/// ptrace(2) to read its stack. Threads: as loop_watch.
class outside_loop : public loop_watch {
 public:
  explicit outside_loop(options settings);

  /// A thread runs the loop. It leaves by itself when it is gone and the records of its stalls are complete.
  void add(std::shared_ptr<loop_thread> thread);
  std::size_t threads() const;
  /// Waits until the callbacks for the stalls so far have returned. Not to be called from one.
  void blocking_finish();
};

}  // namespace loopscope::monitor
