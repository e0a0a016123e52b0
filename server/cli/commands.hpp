#pragma once

#include "command_line.hpp"

namespace loopscope::cli {

/// Carries out one write on a loop of its own and prints the report; answers the exit code. SIGINT and SIGTERM cancel
/// it.
int run(const write_command& asked);

/// Asks the URL once; 0 when the answer is 200.
int run(const healthcheck_command& asked);

}  // namespace loopscope::cli
