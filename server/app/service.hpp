#pragma once

#include "server/cli/config.hpp"

namespace loopscope::app {

/// Serves until SIGTERM or SIGINT; answers the process's exit code. What went wrong is on stderr.
int serve(const cli::serve_config& config);

}  // namespace loopscope::app
