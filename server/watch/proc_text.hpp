// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Files and folders of procfs that are longer than what system::proc_file reads.
namespace loopscope::watch {

/// All of a kernel file, or its first 16 MiB. Errors: nullopt when it cannot be opened or read.
std::optional<std::string> blocking_read_text(const std::string& path);

/// The names in a folder that are numbers: processes, threads or descriptors. Empty when it cannot be read.
std::vector<pid_t> blocking_list_numbers(const std::string& folder);

/// The last ID of NSpid in a status file, which is the process's or thread's own, and how many there are. Errors: {0,
/// 0}.
struct namespace_ids {
  pid_t innermost = 0;
  std::size_t depth = 0;
};
namespace_ids parse_namespace_ids(std::string_view status);

/// Of this process.
std::size_t own_namespace_depth();

}  // namespace loopscope::watch
