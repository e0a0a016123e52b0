// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "map_users.hpp"
#include "process_facts.hpp"
#include "unseen.hpp"
#include "watch_map_owner.hpp"

namespace loopscope::watch {

/// The processes below the command, with what each look at them showed. Those that end before the first look, and those
/// beyond max_processes_kept, are not in it. Threads: one at a time. Lifetime: the map outlives it.
class process_book {
 public:
  static constexpr std::size_t max_processes_kept = 2000;

  /// preload: what LD_PRELOAD names in the command's environment.
  process_book(pid_t command, const watch_map_owner& map, std::string preload);

  /// Looks at each process that runs. Some milliseconds for a hundred of them.
  void blocking_look();

  struct process {
    pid_t pid = 0;
    std::string command;  ///< its command line in one text
    std::vector<std::string> unseen;
  };
  /// The command first, then in the order in which they were seen.
  std::vector<process> processes() const;

 private:
  struct entry {
    std::string command;
    process_facts facts;
    map_facts map;
    thread_times earlier_times;  ///< a thread is compared with them that may spin
    std::optional<spinning_thread> spinning;
    std::size_t order = 0;
  };

  void blocking_look_at(pid_t pid);
  void forget_ended();
  map_facts facts_so_far(pid_t pid, const entry& known) const;

  const pid_t command_;
  watch_map& map_;
  map_users users_;
  const std::string preload_;
  std::map<pid_t, entry> entries_;
};

}  // namespace loopscope::watch
