// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <cstdint>

#include "container_limits.hpp"

namespace loopscope::config {

/// Memory of the process itself: code, stacks, histograms. Budgets share what a limit leaves beyond it.
inline constexpr std::uint64_t own_memory_bytes = 64ULL << 20;

/// Default of --max-pending-bytes: `usual`, or less when the container has less memory.
///
/// Three quarters of what the limit leaves beyond own_memory_bytes; at least 1 MiB, so that every method but `callback`
/// runs in the smallest container.
std::uint64_t pending_bytes_within(const container_limits& limits, std::uint64_t usual) noexcept;

/// Default of --max-connection-bytes: `usual`, or less when the container has less memory.
///
/// All I/O threads share an eighth of what the limit leaves beyond own_memory_bytes; each has at least 1 MiB. The last
/// eighth is left to the allocator and the page cache.
std::uint64_t connection_bytes_within(const container_limits& limits, std::size_t io_threads,
                                      std::uint64_t usual) noexcept;

/// Default of --pool-threads: `usual`, or the CPUs of the quota, rounded up, if these are fewer.
///
/// At least two: a pool thread mostly sleeps in system calls, and one blocked call must not delay all others.
std::size_t pool_threads_within(const container_limits& limits, std::size_t usual) noexcept;

/// The CPUs that may be busy at once: `allowed`, or those of the quota, rounded down, if these are fewer. At least one.
std::size_t cpus_within(const container_limits& limits, std::size_t allowed) noexcept;

}  // namespace loopscope::config
