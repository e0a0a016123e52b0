// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>

#include "server/monitor/detect/watched_thread.hpp"
#include "server/monitor/stall_record.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// What a thread waits for that sleeps in futex(2).
struct lock_wait {
  lock_kind kind = lock_kind::unknown;
  pid_t owner = 0;  ///< a live thread of the process; 0 when there is none or it is unknown

  bool operator==(const lock_wait&) const = default;
};

/// Returns nullopt when the call is no futex that is waited for.
///
/// library_functions are the thread's innermost functions in the C library, which tell the kind. Without a single name
/// it is a mutex if memory looks like one with a live owner, else unknown. Reads the owner where glibc keeps it: 8
/// bytes behind a mutex's word, 24 bytes behind the beginning of a read-write lock, which has no owner while readers
/// hold it. Source: struct_mutex.h, struct_rwlock.h and lowlevellock.c of glibc, for x86-64 and AArch64.
std::optional<lock_wait> blocking_find_lock(const watched_thread& thread, const system::syscall_line& call,
                                            std::span<const std::string> library_functions);

}  // namespace loopscope::monitor
