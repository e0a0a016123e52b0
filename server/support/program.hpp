// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace loopscope {

// Exit codes of every program of the project.
inline constexpr int exit_done = 0;
inline constexpr int exit_could_not_run = 1;
inline constexpr int exit_bad_usage = 2;
/// Plus the signal's number: 130 after Ctrl-C.
inline constexpr int exit_by_signal = 128;

/// What the command line itself produces: help, the version or the configuration, or a message about wrong usage.
struct early_exit {
  int exit_code = exit_done;
  std::string out;  ///< for stdout
  std::string err;  ///< for stderr
};

/// Prints both texts. Returns the exit code, or exit_could_not_run when stdout cannot be written.
int blocking_finish(const char* program, const early_exit& exit);

/// Prints the error as print_error() does. Returns exit_could_not_run.
int fail(const char* program, std::string_view message);

/// Runs the body of main() and returns its exit code. First it takes closed standard descriptors and raises the soft
/// limit of descriptors. An exception is printed as one line on stderr and gives exit_could_not_run.
int run_program(const char* program, const std::function<int()>& body);

/// Empty, or a sentence that says that fewer than `needed` descriptors are available, the standard ones included.
///
/// Without this check the first operation that fails is blamed, such as the start of a thread or the look-up of a name.
/// `purpose`: such as "to serve". Call it before the program opens anything.
std::string missing_descriptors(std::size_t needed, std::string_view purpose);

}  // namespace loopscope
