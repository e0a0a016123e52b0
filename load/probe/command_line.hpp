#pragma once

#include <string>
#include <variant>

#include "options.hpp"

namespace loopscope::probe {

inline constexpr int exit_done = 0;
inline constexpr int exit_could_not_run = 1;
inline constexpr int exit_bad_usage = 2;
inline constexpr int exit_not_reachable = 3;
inline constexpr int exit_too_many_errors = 4;
/// Plus the signal's number: 130 after Ctrl-C.
inline constexpr int exit_by_signal = 128;

/// Nothing to run: help or version were asked for, or the usage is wrong.
struct leave {
  int exit_code = 0;
  std::string out;  ///< for stdout
  std::string err;  ///< for stderr
};

/// Most requests of one run: each takes 40 bytes until the end.
inline constexpr double most_requests = 10e6;

std::variant<options, leave> parse_command_line(int argc, const char* const* argv);

}  // namespace loopscope::probe
