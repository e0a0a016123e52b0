// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "server/monitor/stall_record.hpp"

namespace loopscope::monitor {

/// The names of code that a runtime has made while it ran, from the file that it writes for perf(1): /tmp/perf-PID.map
/// in the file system of the process, PID as in its own namespace.
///
/// The file grows while the program runs; what is new is read at each question. Where entries overlap, the later one
/// wins. A file that was replaced or truncated is read anew. It is not read if it is no regular file, is older than the
/// process, belongs to others than the process's user and root, or is longer than 256 MiB; lines that are none are
/// skipped. Memory: about 150 bytes for an entry. Threads: one at a time. Errors: without a file there are no names.
/// Source: tools/perf/Documentation/jit-interface.txt of Linux.
class jit_names {
 public:
  explicit jit_names(pid_t pid) : pid_(pid) {}

  /// The function at an address, as it is now.
  std::optional<stack_frame> blocking_find(std::uintptr_t address);
  /// Forgets everything; the next question reads the whole file.
  void clear();

 private:
  struct entry {
    std::uintptr_t end = 0;
    std::string name;
  };

  void blocking_update();
  void add_text(std::string_view text);
  void add_line(std::string_view line);
  void make_room(std::uintptr_t begin, std::uintptr_t end);

  pid_t pid_;
  ino_t inode_ = 0;
  std::uint64_t read_bytes_ = 0;
  std::string head_;  // of the file, which tells it from a later one at the same place
  std::string unfinished_line_;
  std::map<std::uintptr_t, entry> entries_;  // by their begin, without overlaps
};

/// A frame from a name in such a file. Knows how V8 ("JS:*writeAll /srv/long.js:3:18") and CPython
/// ("py::work:/srv/app.py") write them; other names are functions as they stand.
stack_frame parse_jit_name(std::string_view name);

}  // namespace loopscope::monitor
