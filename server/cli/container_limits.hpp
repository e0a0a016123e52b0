#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace loopscope::cli {

/// What this process may use; nothing where no limit is set.
struct container_limits {
  /// The least of memory.max, memory.high (which throttles before memory.max kills), v1's memory.limit_in_bytes, and
  /// the process's own RLIMIT_AS and RLIMIT_DATA.
  std::optional<std::uint64_t> memory_bytes;
  std::optional<double> cpus;  ///< quota over period: 1.5 is one and a half CPUs' time
};

/// Reads the process's limits and those of its control groups; the least of any group on the way up holds.
///
/// `root`: see monitor::blocking_find_cgroups(). Errors: a file that is missing or says something else is no limit.
/// Blocks: reads files; at start only, never on a loop.
/// Source: Linux, Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst; getrlimit(2).
container_limits blocking_read_container_limits(const std::filesystem::path& root = "/");

}  // namespace loopscope::cli
