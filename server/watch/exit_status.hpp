// SPDX-License-Identifier: MIT

#pragma once

namespace loopscope::watch {

// What shells return for a command that they could not start.
inline constexpr int exit_not_executable = 126;
inline constexpr int exit_not_found = 127;

/// How a command ended: by exit(3) with a code, or by a signal.
struct exit_status {
  bool by_signal = false;
  int number = 0;  ///< the code, or the signal

  bool operator==(const exit_status&) const = default;
};

/// The exit code that tells the same to a shell: the command's own, or 128 plus the signal.
int exit_code(const exit_status& status) noexcept;

/// The exit code for the error of execve(2).
int exit_code_of_exec_error(int error) noexcept;

}  // namespace loopscope::watch
