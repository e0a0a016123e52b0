// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <boost/system/result.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command_environment.hpp"
#include "exit_status.hpp"
#include "start_conditions.hpp"

namespace loopscope::watch {

/// A command that runs as if the shell had started it, with this process as its parent.
///
/// It has the caller's standard descriptors, working directory, process group, terminal, limits and priority, and the
/// signals of `start_conditions`. Of this program's own descriptors it inherits none: all of them are closed on exec.
/// It stays in this process's group, so that the terminal's signals reach it directly; this process ignores those and
/// passes on the signals that somebody sends to it alone. Both stop and continue together: see job_control.hpp.
/// This process is no subreaper: a process that detaches itself goes to init, as without a watcher.
///
/// Threads: one, which has the signals blocked from start() on. Threads that are
/// started meanwhile have them blocked, too, and must leave them so: another one would take a signal that ends this
/// program. Of the children only the command is reaped, and stops of a thread that is traced are left to its tracer.
/// Lifetime: the destructor does not end the command; it takes the status of one that has ended, which stays a zombie
/// until then, and gives the signals their earlier effect.
class watched_command {
 public:
  /// Starts `arguments[0]`, looked for in PATH. It has run execve(2) when this returns. Blocks until then. stdin
  /// belongs to the command: this process reads /dev/null from now on. Errors: those of pipe(2), fork(2), signalfd(2),
  /// as exception system_error; those of execve(2) as a result. See exec_error_text().
  static boost::system::result<std::unique_ptr<watched_command>> blocking_start(
      const std::vector<std::string>& arguments, const environment& variables, const start_conditions& conditions);

  ~watched_command();
  watched_command(const watched_command&) = delete;
  watched_command& operator=(const watched_command&) = delete;

  pid_t pid() const noexcept { return pid_; }
  /// It was stopped by a signal when it was looked at last.
  bool stopped() const noexcept { return stopped_; }
  /// How it ended; nullopt while it runs.
  const std::optional<exit_status>& ended() const noexcept { return ended_; }

  /// Readable when handle_signals() has something to do: for an event loop.
  int descriptor() const noexcept { return signals_; }

  /// Takes the signals that have arrived, passes them on and looks at the command. Returns at once, unless the command
  /// has stopped and this process stops with it.
  void handle_signals();

  /// Waits for the next signal, or for the deadline if that comes first, and handles it. Returns how the command ended,
  /// nullopt while it runs.
  std::optional<exit_status> blocking_wait_for_change(std::chrono::steady_clock::time_point deadline);

 private:
  watched_command(pid_t pid, int signals, const start_conditions& conditions) noexcept;
  void look_at_command();
  void follow_stop(int signal);

  pid_t pid_;
  int signals_;
  start_conditions conditions_;
  bool stopped_ = false;
  std::optional<exit_status> ended_;
};

/// Why the command did not start, as shells say it: "foo: not found". `error`: of execve(2).
std::string blocking_exec_error_text(const std::string& command, int error);

}  // namespace loopscope::watch
