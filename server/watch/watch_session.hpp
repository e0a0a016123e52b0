// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "loop_finder.hpp"
#include "message_log.hpp"
#include "process_book.hpp"
#include "report/watch_report.hpp"
#include "stall_book.hpp"
#include "watch_map_owner.hpp"

namespace loopscope::watch {

struct session_settings {
  std::vector<std::string> command;
  std::vector<std::string> added;  ///< to its environment
  std::chrono::milliseconds threshold{25};
  bool tells_stalls = true;  ///< in the log, while the command runs
};

/// Watches a command and all processes below it, from its start to its end.
///
/// Threads: one, except for loops(), which is for any. The log gets lines on another thread, too. Lifetime: the map and
/// the log outlive it.
class watch_session {
 public:
  watch_session(session_settings settings, const watch_map_owner& map, message_log& log);

  /// The command runs. Its loops are found by blocking_update().
  void start(pid_t command, const std::string& preload);
  /// Call it often: at least each 50 ms. Looks for loops, and now and then at the processes.
  void blocking_update();
  /// The command has ended, was_killed: by a signal. All stalls are complete when it returns, after at most some
  /// seconds.
  void blocking_finish(bool was_killed);

  const loop_finder& loops() const noexcept { return finder_; }
  std::chrono::nanoseconds longest_stall() const { return stalls_.longest(); }
  std::string folded_text() const { return stalls_.folded_text(); }
  /// All but how the command ended.
  watch_report report() const;

 private:
  monitor::options options_of(pid_t pid, const std::string& name);

  const session_settings settings_;
  const watch_map_owner& map_;
  message_log& log_;
  stall_book stalls_;
  loop_finder finder_;
  std::unique_ptr<process_book> processes_;
  std::chrono::steady_clock::time_point started_{};
  std::chrono::steady_clock::time_point ended_{};
  std::chrono::steady_clock::time_point next_look_{};
  std::chrono::milliseconds time_between_looks_{50};
};

}  // namespace loopscope::watch
