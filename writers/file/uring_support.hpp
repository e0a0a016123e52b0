#pragma once

#include <string>

namespace loopscope::writers {

/// Whether this process may use io_uring, and why not.
struct uring_support {
  bool available = false;
  std::string reason;  ///< a sentence without its full stop, for people
};

/// Sets up a small ring and asks it for the write operation.
///
/// Never throws for a missing io_uring: old kernel, seccomp profile, sysctl, lack of locked memory are answers.
/// Threads: any; a few system calls.
uring_support probe_uring();

/// The reason for an errno of io_uring_setup(2); `disabled_sysctl` is kernel.io_uring_disabled, -1 when absent.
std::string explain_uring_failure(int error_value, int disabled_sysctl);

}  // namespace loopscope::writers
