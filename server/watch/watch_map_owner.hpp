// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "preload/watch_map.hpp"

namespace loopscope::watch {

/// Makes the memory that the watched processes share with the watcher, and maps it.
///
/// Its size is sealed, so that no watched program can cut it and end the watcher with SIGBUS. Its content is theirs:
/// check what is read. Pages that nobody touches take no memory. Errors: system_error when the kernel has no room.
/// Lifetime: outlives the command; the processes keep their mapping when it ends. Threads: any.
class watch_map_owner {
 public:
  /// `long_turn`: turns that take so long are kept one by one.
  explicit watch_map_owner(std::chrono::nanoseconds long_turn);
  ~watch_map_owner();
  watch_map_owner(const watch_map_owner&) = delete;
  watch_map_owner& operator=(const watch_map_owner&) = delete;

  watch_map& map() const noexcept { return *map_; }
  /// Of its file: /proc/PID/maps has it.
  std::uint64_t inode() const noexcept { return inode_; }
  /// For LOOPSCOPE_WATCH_MAP. The descriptor in it is closed on exec: the command has it by this path alone.
  const std::string& path() const noexcept { return path_; }

 private:
  int descriptor_;
  watch_map* map_ = nullptr;
  std::uint64_t inode_ = 0;
  std::string path_;
};

}  // namespace loopscope::watch
