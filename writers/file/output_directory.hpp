// SPDX-License-Identifier: MIT

#pragma once

#include <filesystem>
#include <span>

#include "../file_error.hpp"

namespace loopscope::writers {

/// The result of preparing a directory for outputs.
struct prepared_directory {
  error_code lock_error;  ///< why its file system has no flock(2); see part_file
};

/// Creates `directory`, with those above it if they are missing, removes abandoned parts of `targets` (files in it),
/// and tries whether files can be created there. A full disk or quota is no error: there may be room later.
///
/// Errors: file_error. Threads: any.
file_result<prepared_directory> blocking_prepare_directory(const std::filesystem::path& directory,
                                                           std::span<const std::filesystem::path> targets);

/// Whether files can be created in `directory`, as far as the kernel can tell without creating one.
///
/// Errors: errno. Threads: any; on a network file system that does not respond it may block for ever.
error_code blocking_check_directory(const std::filesystem::path& directory);

}  // namespace loopscope::writers
