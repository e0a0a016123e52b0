// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "server/monitor/detect/watched_thread.hpp"

namespace loopscope::watch {

/// Which processes here have the watcher's map: it holds the IDs that each has in its own PID namespace, where another
/// process here may have the same one. Threads: one at a time.
class map_users {
 public:
  /// inode: of the map's file.
  explicit map_users(std::uint64_t inode) noexcept : inode_{inode} {}

  /// Looks again for processes of other namespaces. Some milliseconds for a hundred processes.
  void blocking_update();
  /// The same, unless it was done a moment ago.
  void blocking_update_if_old();

  /// Processes that share an ID share their words: what is written there is nobody's from then on.
  struct found {
    std::size_t users = 0;  ///< processes with that ID; a process that may not be looked into counts if it may be one
    std::optional<pid_t> pid;  ///< if there is one such process, and never were several at a time
  };
  /// As of the last look at other namespaces.
  found blocking_find(pid_t own_pid) const;

  /// Errors: nullopt when it has ended, or without a pid in blocking_find().
  std::optional<monitor::watched_thread> blocking_find_thread(pid_t own_pid, pid_t own_tid) const;

 private:
  bool blocking_may_use_map(pid_t pid) const;

  std::uint64_t inode_;
  std::multimap<pid_t, pid_t> of_other_namespaces_;  ///< own ID to the ID here
  std::set<pid_t> shared_ids_;                       ///< own IDs that several had at a time
  std::chrono::steady_clock::time_point updated_{};
};

}  // namespace loopscope::watch
