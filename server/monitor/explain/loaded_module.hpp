// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct Elf;

namespace loopscope::monitor {

/// A program or shared library as it is mapped into a process.
struct loaded_module {
  pid_t pid = 0;
  /// "[vdso]" for the kernel's code in each process.
  std::string path;
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  /// The end of the first mapping, which begins at `begin`.
  std::uintptr_t first_end = 0;
  ino_t inode = 0;
  /// Of the mapped image, in bytes; empty when it has none or the memory cannot be read.
  std::string build_id;
  /// The process's program, not a library.
  bool is_program = false;

  bool operator==(const loaded_module&) const = default;
};

/// The modules of one process.
///
/// They are read anew when /proc/PID/maps differs. The loader's own list is not asked: dl_iterate_phdr(3) holds a lock
/// that glibc does not release in a child of fork(), which would then wait for ever. Threads: one at a time. Errors:
/// without /proc there are no modules. Source: proc(5).
class loaded_modules {
 public:
  explicit loaded_modules(pid_t pid) : pid_(pid) {}

  /// Returns true if the modules are others than before. A module that has stayed keeps its object.
  bool update();
  /// nullptr for an address of no module. Valid until update() returns true.
  const std::shared_ptr<const loaded_module>& find(std::uintptr_t address) const;
  /// nullptr when unknown.
  const std::shared_ptr<const loaded_module>& program() const;
  /// By address.
  const std::vector<std::shared_ptr<const loaded_module>>& all() const noexcept { return modules_; }
  bool empty() const noexcept { return modules_.empty(); }

 private:
  pid_t pid_;
  std::size_t maps_hash_ = 0;
  std::vector<std::shared_ptr<const loaded_module>> modules_;  // by address
};

/// The modules in the text of /proc/PID/maps, without their build IDs, by address.
std::vector<loaded_module> parse_modules(std::string_view maps, pid_t pid);

/// Ranges of addresses, in ascending order.
class code_ranges {
 public:
  explicit code_ranges(std::vector<std::pair<std::uintptr_t, std::uintptr_t>> ranges) : ranges_(std::move(ranges)) {}
  bool contains(std::uintptr_t address) const noexcept;

 private:
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> ranges_;
};

/// The executable memory of a process that is mapped from no file, as it is now: code that a runtime has made.
code_ranges blocking_find_anonymous_code(pid_t pid);

struct elf_closer {
  void operator()(Elf* open) const noexcept;
};

/// An open file and its ELF structure. Either owner may be released to libdwfl.
struct elf_file {
  int fd = -1;
  std::unique_ptr<Elf, elf_closer> elf;

  elf_file() = default;
  elf_file(elf_file&& other) noexcept;
  elf_file& operator=(elf_file&&) = delete;
  ~elf_file();
  explicit operator bool() const noexcept { return elf != nullptr; }
};

/// Opens the file that the module was mapped from, also if it was deleted or replaced since (/proc/PID/exe,
/// /proc/PID/map_files). A file with another build ID, or, where there is none, another inode, is never returned.
elf_file blocking_open(const loaded_module& module);

/// Opens the module's separate debug file: below /usr/lib/debug by build ID, or the one that .gnu_debuglink names,
/// beside the module, in .debug/ and below /usr/lib/debug. Its build ID must be the module's, or, where there is none,
/// its checksum the link's. Nothing is requested from a network. link: nullptr when there is none.
elf_file blocking_open_debug_file(const loaded_module& module, const char* link, std::uint32_t checksum);

}  // namespace loopscope::monitor
