// SPDX-License-Identifier: MIT

#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace loopscope {

/// Opens something harmless in place of each of the descriptors 0 to 2 that is closed, so that no socket or file gets
/// one of these numbers and, with it, the text that is meant for stdout or stderr. Reading and writing them still fails
/// with EBADF. Call it first in main().
void claim_standard_descriptors() noexcept;

/// Writes all of `text` and removes from it what has been written. Errors: as write(2). Blocks while the reader of a
/// pipe does not read.
std::error_code blocking_write_all(int descriptor, std::string_view& text) noexcept;

/// Writes a command's result to stdout. Returns false and prints the reason to stderr when it cannot be written.
bool blocking_print(const char* program, std::string_view text) noexcept;

/// Control characters of the text as \n, \t or \xHH, for one line that a terminal shows as it is.
std::string escape_control_characters(std::string_view text);

/// Prints "PROGRAM: MESSAGE" as one line on stderr.
void print_error(const char* program, std::string_view message);

}  // namespace loopscope
