// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

namespace loopscope::monitor {

/// Gives the calling thread an alternate signal stack, if it has none, so that the handler of the capture signal never
/// runs on the stack of a coroutine: with AVX-512 the kernel alone stores 3 KB there, with AMX 11 KB.
///
/// An alternate stack that the application has set is used if it has room, and never replaced. Call it from time to
/// time on the thread that runs the loop: it costs two system calls, since the application may change its stack at any
/// time. Memory: 64 KB of address space and a guard page, freed when the thread ends. Returns false when there is no
/// room. Source: sigaltstack(2), getauxval(3) AT_MINSIGSTKSZ.
bool prepare_thread() noexcept;

/// A signal that threads block before their stack is freed.
void add_capture_signal(int signal) noexcept;

/// Whether the last call by that thread returned true and the thread has not ended. At most 1024 threads are known.
/// Threads: any.
bool is_prepared(pid_t tid) noexcept;

}  // namespace loopscope::monitor
