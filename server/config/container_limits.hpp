// SPDX-License-Identifier: MIT

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace loopscope::config {

/// What this process may use; nullopt where no limit is set.
struct container_limits {
  /// The smallest of memory.max, memory.high (throttles before memory.max kills), memory.limit_in_bytes of version 1,
  /// and the process's own RLIMIT_AS and RLIMIT_DATA.
  std::optional<std::uint64_t> memory_bytes;
  std::optional<double> cpus;  ///< quota divided by period: 1.5 is the time of one and a half CPUs
};

/// Reads the limits of the process and of its control groups up to the top; the smallest one applies.
///
/// `root`: see system::blocking_find_cgroups(). Errors: a file that is missing or cannot be parsed is no limit.
/// Blocks: reads files; only for the start.
/// Source: Linux, Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst; getrlimit(2).
container_limits blocking_read_container_limits(const std::filesystem::path& root = "/");

}  // namespace loopscope::config
