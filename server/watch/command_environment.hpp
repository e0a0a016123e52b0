// SPDX-License-Identifier: MIT

#pragma once

#include <string>
#include <vector>

namespace loopscope::watch {

/// "NAME=value" for each variable, as in environ(7).
using environment = std::vector<std::string>;

/// The environment of the calling process. Threads: none may change it meanwhile.
environment current_environment();

struct environment_request {
  std::string library;  ///< path for LD_PRELOAD, without a space or a colon
  std::string map;      ///< path for LOOPSCOPE_WATCH_MAP
  bool runtime_names = true;
};

struct command_environment {
  environment variables;
  /// What was added, such as "NODE_OPTIONS=--perf-basic-prof", without what stood there before.
  environment added;
};

/// The environment of a watched command. What a variable held before is kept: LD_PRELOAD gets the library in front,
/// NODE_OPTIONS its flags at the end; a PYTHONPERFSUPPORT that is set already stays as it is.
command_environment make_command_environment(environment inherited, const environment_request& request);

}  // namespace loopscope::watch
