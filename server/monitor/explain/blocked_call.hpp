// SPDX-License-Identifier: MIT

#pragma once

#include <optional>
#include <string>

#include "server/monitor/detect/watched_thread.hpp"
#include "server/monitor/stall_record.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// The call that a thread sleeps in, as a record shows it, with the file of its descriptor; nullopt when it sleeps in
/// no call. Without the peer and the files of poll(2) and select(2), which have to be searched for.
std::optional<blocked_call> describe_call(const watched_thread& thread, const system::syscall_line& call);

/// The same with the peer, and with the files that poll(2) or select(2) waits for: the first three of them in path, and
/// fd when it is only one.
std::optional<blocked_call> blocking_describe_call(const watched_thread& thread, const system::syscall_line& call);

/// The name of a system call that can block; "syscall N" for one that is not listed.
std::string syscall_name(long number);

/// The first argument is a file descriptor.
bool takes_descriptor(long number);

}  // namespace loopscope::monitor
