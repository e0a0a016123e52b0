// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "loaded_module.hpp"
#include "server/monitor/stall_record.hpp"

namespace loopscope::monitor {

class module_names;

/// Names the code addresses of a process from its files and their debugging information.
///
/// A file is opened when an address of it is asked for, and stays open until close() or until it is unloaded. A first
/// question costs tens of milliseconds in a program with tens of megabytes of debugging information, later ones in the
/// same units microseconds. Memory: the pages read of mapped files, and some megabytes for each unit of ten megabytes.
/// Threads: one at a time. Errors: what is unknown is empty; a file that is not the mapped one is not read.
class debug_info {
 public:
  explicit debug_info(pid_t pid);
  ~debug_info();

  /// Learns which modules are loaded now, and closes those that are not. Returns true if they are others than before.
  /// Call it before questions.
  bool update();
  /// What an address belongs to; nullptr for no module. Valid until update() returns true.
  const std::shared_ptr<const loaded_module>& module_of(std::uintptr_t address) const { return modules_.find(address); }
  /// The functions at an address, innermost first: the inlined ones, then the compiled one. Returns at least one frame;
  /// what is unknown is empty. For code of the system's libraries, and where nothing else is known in
  /// another process, the file is the library or program.
  std::vector<stack_frame> blocking_look_up(std::uintptr_t address);
  /// Reads what a question about the unit of main() needs.
  void blocking_warm_up();
  /// False when /proc does not tell what is mapped, so that nothing can be named.
  bool has_modules() const noexcept { return !modules_.empty(); }
  /// Frees what was read; the next question reads it again.
  void close();
  /// Compilation units read since the last close().
  std::size_t units_read() const;

 private:
  module_names& names_of(const std::shared_ptr<const loaded_module>& module);

  loaded_modules modules_;
  std::map<std::shared_ptr<const loaded_module>, std::unique_ptr<module_names>> open_;
};

}  // namespace loopscope::monitor
