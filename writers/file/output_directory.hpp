#pragma once

#include <filesystem>
#include <span>

#include "file_error.hpp"

namespace loopscope::writers {

/// What became of a directory that was prepared for outputs.
struct prepared_directory {
  error_code lock_error;  ///< why its file system has no flock(2); see part_file
};

/// Creates `directory` where only itself is missing, removes what killed processes left of `targets` (files in it), and
/// tries whether files can be made there. A disk or quota that is full is no error: it may have room later.
///
/// Errors: file_error. Threads: any.
file_result<prepared_directory> blocking_prepare_directory(const std::filesystem::path& directory,
                                                           std::span<const std::filesystem::path> targets);

/// Whether files can be made in `directory`, as far as can be told without making one.
///
/// Errors: errno. Threads: any; on a network file system that is gone it may take for ever.
error_code blocking_check_directory(const std::filesystem::path& directory);

}  // namespace loopscope::writers
