#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace loopscope::cli {

/// What the control groups of this process allow it; nothing where they set no limit.
struct container_limits {
  std::optional<std::uint64_t> memory_bytes;
  std::optional<double> cpus;  ///< quota over period: 1.5 is one and a half CPUs' time
};

/// Reads cgroup v1, v2 or a mix of both. A limit of any group on the way up counts: the least one holds.
///
/// `root` holds proc/self/cgroup and sys/fs/cgroup, where every current distribution and engine mounts them; inside a
/// container the mount begins at the container's own group, so that directories of the path may be missing below it.
/// Errors: a file that is missing or says something else is no limit.
/// Blocks: reads files; at start only, never on a loop.
/// Source: Linux, Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst.
container_limits blocking_read_container_limits(const std::filesystem::path& root = "/");

}  // namespace loopscope::cli
