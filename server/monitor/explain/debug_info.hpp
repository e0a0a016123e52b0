#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "server/monitor/stall_record.hpp"

struct Dwfl;

namespace loopscope::monitor {

/// Looks up code addresses in this process's files and their debug information.
///
/// It reads what a look-up needs and keeps it until destroyed: milliseconds and one or two megabytes per stack.
/// Separate debug files are found by build ID below /usr/lib/debug, and never requested from a network. Threads: one at
/// a time. Source: libdwfl of elfutils.
class debug_info {
 public:
  debug_info();

  /// The functions at an address, innermost first: the inlined ones, then the compiled one. Returns at least one frame;
  /// what is unknown is empty. For code of the system's libraries, the file is the library.
  std::vector<stack_frame> blocking_look_up(std::uintptr_t address) const;

 private:
  struct closer {
    void operator()(Dwfl* open) const noexcept;
  };

  std::unique_ptr<Dwfl, closer> modules_;
};

}  // namespace loopscope::monitor
