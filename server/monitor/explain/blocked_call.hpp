#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "server/monitor/stall_record.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// The call that a thread of this process sleeps in, as a record shows it, with the file of its descriptor; nullopt
/// when it sleeps in no call.
std::optional<blocked_call> describe_call(pid_t tid, const system::syscall_line& call);

/// The name of a system call that can block; "syscall N" for one that is not listed.
std::string syscall_name(long number);

/// The first argument is a file descriptor.
bool takes_descriptor(long number);

}  // namespace loopscope::monitor
