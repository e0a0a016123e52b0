// SPDX-License-Identifier: MIT

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "process_facts.hpp"

namespace loopscope::watch {

/// One process below the command, as the watcher knows it.
struct observed_process {
  process_facts facts;
  map_facts map;
  /// See find_spinning_thread().
  std::optional<spinning_thread> spinning;
};

/// What cannot be seen of the process and why, a sentence each, of at most 120 characters. Empty: nothing is missing.
///
/// A process that has only just started is not in the map yet, and its sentence then says so wrongly: ask about one
/// that has run for a while.
std::vector<std::string> unseen_of(const observed_process& process);

/// What the map as a whole had no room for; nullopt when there was enough.
std::optional<std::string> unseen_of_map(const watch_map& map);

}  // namespace loopscope::watch
