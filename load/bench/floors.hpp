// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace loopscope::bench {

/// The minimum cost of writing the same bytes: plain loops over write(2), without the project's libraries.
///
/// Both replace the file and return the time from opening it to the last write, like `timing_ms.completed`. Errors:
/// throw std::system_error.
std::chrono::nanoseconds write_in_chunks(const std::filesystem::path& path, std::uint64_t count,
                                         std::size_t chunk_bytes);
std::chrono::nanoseconds write_each_record(const std::filesystem::path& path, std::uint64_t count);

}  // namespace loopscope::bench
