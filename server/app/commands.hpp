// SPDX-License-Identifier: MIT

#pragma once

#include "server/config/command_line.hpp"

namespace loopscope::app {

/// The name in messages on stderr.
inline constexpr const char* program = "loopscope";

// Each runs one command and returns the exit code. Errors are on stderr.

/// Serves until SIGTERM or SIGINT.
int run(const config::serve_command& command);

/// Makes one write on its own loop and prints the report. SIGINT and SIGTERM cancel it.
int run(const config::write_command& command);

/// Requests the URL once. Succeeds if the response is 200.
int run(const config::healthcheck_command& command);

/// Runs the program with its event loops watched. Its exit status is the program's own.
int run(const config::watch_command& command);

/// Prints the text of an early exit.
int run(const early_exit& exit);

}  // namespace loopscope::app
