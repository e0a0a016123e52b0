#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "stall_record.hpp"

struct Dwfl;

namespace loopscope::monitor {

/// What this process's files and their debug information say about its code.
///
/// Reads what a question needs and keeps it until destroyed: milliseconds and a megabyte or two for a stack. Debug
/// information in a file of its own is found by build ID below /usr/lib/debug, and never asked of a network.
/// Threads: one at a time. Source: libdwfl of elfutils.
class debug_info {
 public:
  debug_info();

  /// The functions at an address, innermost first: those inlined there, then the compiled one. One frame at least;
  /// what is not known is empty. Code of the system's libraries has the library as its file.
  std::vector<stack_frame> blocking_look_up(std::uintptr_t address) const;

 private:
  struct closer {
    void operator()(Dwfl* open) const noexcept;
  };

  std::unique_ptr<Dwfl, closer> modules_;
};

}  // namespace loopscope::monitor
