// SPDX-License-Identifier: MIT

#pragma once

#include <cstdint>
#include <vector>

#include "process_memory.hpp"
#include "unwinder.hpp"

namespace loopscope::monitor {

/// The coroutines that await the one which a thread runs, innermost first, each as the address where its
/// function begins. Empty when the thread runs no coroutine of Asio, and when something does not look as expected.
///
/// Knows asio::awaitable of Boost 1.74 to 1.88 and of Asio of the same time, which keep coro_, attached_thread_ and
/// caller_ in this order at the beginning of a promise, and coroutine frames of GCC and Clang, which begin with the
/// resume and the destroy function, followed by the promise. Of several awaiting chains on one stack it takes the
/// innermost. The stack of a running thread changes meanwhile, but not the part of the frames that were captured, while
/// it runs the same handler. Source: awaitable_frame_base in asio/impl/awaitable.hpp.
std::vector<std::uintptr_t> blocking_find_awaiting_coroutines(const process_memory& memory, unwinder& files,
                                                              const raw_stack& stack);

}  // namespace loopscope::monitor
