// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "server/monitor/stall_record.hpp"

struct Dwarf;

namespace loopscope::monitor {

/// Finds the functions at an address in one file's debugging information.
///
/// Only the compilation unit of the address is read, once, into an index of its functions: 24 bytes each. A unit that
/// the file's address index (.debug_aranges) does not have, as Clang's, is found in one that is made here. Split units
/// (.dwo) are followed. Addresses are the file's. Threads: one at a time. Lifetime: that of the Dwarf. Source: libdw.
class debug_units {
 public:
  explicit debug_units(Dwarf* info);

  /// Innermost first: the inlined functions, then the compiled one. Empty when no unit has the address; when the unit's
  /// functions are not known, one frame without a function.
  std::vector<stack_frame> blocking_look_up(std::uintptr_t address);
  /// Units read so far. libdw keeps what it read of each.
  std::size_t units_read() const noexcept { return functions_.size(); }

 private:
  /// [begin, end) belongs to the debugging entry at this offset.
  struct range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t entry = 0;
  };
  using ranges = std::vector<range>;

  static const range* find(const ranges& sorted, std::uint64_t address);
  static void sort(ranges& out);
  /// The offset of the unit's first entry; 0 when there is none.
  std::uint64_t unit_of(std::uint64_t address);
  const ranges& functions_of(std::uint64_t unit);

  Dwarf* info_;
  ranges units_;
  bool has_units_ = false;
  std::unordered_map<std::uint64_t, ranges> functions_;
};

}  // namespace loopscope::monitor
