// SPDX-License-Identifier: MIT

#pragma once

#include <signal.h>
#include <sys/types.h>

namespace loopscope::watch {

/// What a watcher does with a signal that reaches it.
///
/// look_for_new_stop: the terminal has stopped the command, which may have gone on unseen since its stop before. The
/// kernel removes a pending SIGCONT for it.
enum class signal_use { drop, pass_on, look_at_command, look_for_new_stop };

/// Whether the command has to get a signal from the watcher.
///
/// The terminal sends its signals to the whole foreground process group, so that the command has them already; what the
/// command itself sends to its group is not for it. Somebody else's kill(2) is passed on: also one to the whole group,
/// which looks the same, so that the command sees it twice.
signal_use use_of_signal(int signal, int code, pid_t sender, pid_t command) noexcept;

/// The signals that use_of_signal() decides about. A watcher has them blocked and reads them from a signalfd(2).
sigset_t watcher_signals() noexcept;

/// Whether a shell with job control waits for this process: the parent is in the same session, with a terminal, but in
/// another process group. Such a shell must see the watcher stop when the command stops. A script, or a program that
/// starts others, need not, and would wait for ever if it continued the command alone.
bool blocking_is_job_of_a_shell() noexcept;

/// Stops this process by the signal until it is continued. Does nothing where the signal is ignored or the kernel does
/// not let it stop an orphaned process group. Threads: the one that has watcher_signals() blocked.
void blocking_stop_by(int signal) noexcept;

}  // namespace loopscope::watch
