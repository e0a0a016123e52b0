#pragma once

#include <string>

namespace loopscope::monitor {

/// The name of a system call that can block, "syscall N" for one not listed.
std::string syscall_name(long number);

/// The first argument is a file descriptor.
bool takes_descriptor(long number);

/// The calls in which Asio waits for events on Linux.
bool is_event_wait(long number);

}  // namespace loopscope::monitor
