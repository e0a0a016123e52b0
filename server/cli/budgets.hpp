#pragma once

#include <cstddef>
#include <cstdint>

#include "container_limits.hpp"

namespace loopscope::cli {

/// What the process itself needs before a record waits: its code, stacks, connections, histograms.
inline constexpr std::uint64_t own_memory_bytes = 64ULL << 20;

/// The memory that waiting records may take where no flag says so: `usual`, or less where the container allows less.
///
/// Three quarters of what the limit leaves beyond own_memory_bytes; at least 1 MiB, so that everything but `callback`
/// runs in the smallest container.
std::uint64_t pending_bytes_within(const container_limits& limits, std::uint64_t usual) noexcept;

/// The memory that the connections of one I/O thread may take where no flag says so: `usual`, or less where the
/// container allows less.
///
/// All I/O threads share an eighth of what the limit leaves beyond own_memory_bytes; each has at least 1 MiB. The last
/// eighth is the allocator's and the page cache's share.
std::uint64_t connection_bytes_within(const container_limits& limits, std::size_t io_threads,
                                      std::uint64_t usual) noexcept;

/// The pool's threads where no flag says so: `usual`, or the CPUs of the quota, rounded up, where those are fewer.
///
/// At least two: pool threads mostly sleep in system calls, and one that does must not hold up every other.
std::size_t pool_threads_within(const container_limits& limits, std::size_t usual) noexcept;

}  // namespace loopscope::cli
