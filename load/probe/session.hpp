#pragma once

#include "options.hpp"

namespace loopscope::probe {

/// Measures and reports; answers the exit code. Throws std::system_error when a file cannot be written, as far as that
/// can be told before the run.
int run_session(const options& asked);

}  // namespace loopscope::probe
