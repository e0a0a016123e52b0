// SPDX-License-Identifier: MIT

#include "exit_status.hpp"

#include <cerrno>

#include "server/support/program.hpp"

namespace loopscope::watch {

int exit_code(const exit_status& status) noexcept {
  return status.by_signal ? exit_by_signal + status.number : status.number;
}

int exit_code_of_exec_error(int error) noexcept {
  return error == ENOENT || error == ENOTDIR ? exit_not_found : exit_not_executable;
}

}  // namespace loopscope::watch
