// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace loopscope::monitor {

/// The asynchronous operation whose handler a thread runs, as Asio names it.
struct operation {
  std::string object;  ///< what it works on: "socket", "deadline_timer", "io_context"
  std::string name;    ///< "async_receive"; of a posted handler "execute"
  /// Where it was started: the outermost BOOST_ASIO_HANDLER_LOCATION at that time, "http::async_read" where Beast has
  /// one. Empty without one.
  std::string function;
  std::string file;
  int line = 0;  ///< 0 when unknown
};

/// Returns the operation whose handler the thread `tid` of this process runs; of nested ones the innermost.
///
/// nullopt: it runs none, is at this moment between two, or the program is compiled without handler_tracking.hpp.
/// Threads: any; the thread is not disturbed. Errors: a name that can no longer be read, as of an unloaded library, is
/// empty.
std::optional<operation> current_operation(pid_t tid);

}  // namespace loopscope::monitor
