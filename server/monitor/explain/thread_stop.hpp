// SPDX-License-Identifier: MIT

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/monitor/detect/watched_thread.hpp"
#include "sleep_state.hpp"

namespace loopscope::monitor {

/// A copy of a running thread's stack, or why there is none.
struct stopped_copy {
  std::shared_ptr<const stack_copy> copy;
  std::string obstacle;
};

/// Stops a thread of another process, copies its registers and its stack, and lets it go on.
///
/// The thread is stopped for some ten microseconds. It gets no signal, and a signal that arrives meanwhile is
/// delivered. A system call that it slept in goes on; one of epoll_wait(2)'s kind, which the kernel would end with
/// EINTR, is begun again (x86-64). A stopped process stays stopped. When this process ends in the middle, the kernel
/// lets the thread go. Gives up after a second, and soon when should_give_up() returns true, which is called on another
/// thread meanwhile. Takes no child's exit status. Source: PTRACE_SEIZE and PTRACE_INTERRUPT of ptrace(2).
stopped_copy blocking_stop_and_copy(const watched_thread& thread, const std::function<bool()>& should_give_up);

/// Why a thread of another process cannot be looked into now, as far as it can be proved; empty when nothing is known.
std::string obstacle_to_look_into(const watched_thread& thread);

}  // namespace loopscope::monitor
