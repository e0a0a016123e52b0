#pragma once

#include <string_view>
#include <system_error>

namespace loopscope {

/// Takes those of the descriptors 0 to 2 that are closed, so that no socket, file or eventfd gets their number and with
/// it what is meant for stdout or stderr. To read or write them stays EBADF. First thing in main().
void claim_standard_descriptors() noexcept;

/// Writes all of `text`, which is left with what could not be written. Errors: as write(2) says. Blocks while the
/// reader of a pipe does not read.
std::error_code blocking_write_all(int descriptor, std::string_view& text) noexcept;

/// Writes to stdout what a command was asked for. False when it cannot be written; stderr then says why.
bool blocking_print(const char* program, std::string_view text) noexcept;

}  // namespace loopscope
