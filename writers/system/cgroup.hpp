// SPDX-License-Identifier: MIT

#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace loopscope::system {

/// Where the files of one controller are for this process: the directory of its own control group, then of each group
/// above it, as far as the file system shows them. Empty where the controller is not mounted.
///
/// `controller`: as the kernel names it, "cpu" or "memory". Version 1, version 2 and the hybrid of both; a controller
/// is in one of them, and the directories hold the files of that one. A container whose mount shows neither its group
/// nor one above it, as inside another's namespace, is taken to be in the group that the mount shows.
/// `root`: holds proc/self and, below it, the mount points.
/// Blocks: reads files of the kernel; never on a loop. Source: proc(5), cgroups(7), cgroup_namespaces(7).
std::vector<std::filesystem::path> blocking_find_cgroups(std::string_view controller,
                                                         const std::filesystem::path& root = "/");

}  // namespace loopscope::system
