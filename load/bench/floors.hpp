// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace loopscope::bench {

/// The minimum cost of writing the same bytes: plain loops over write(2), without the project's libraries.
///
/// They replace the file and return the time from opening it to the last write, like `timing_ms.completed`. With
/// `another` a second thread writes while the first one waits; both do nothing but look for each other, so that is the
/// minimum for a loop that does not block and needs a core for each. Errors: throw std::system_error; on another
/// thread than the caller's they end the process.
enum class writing_thread { same, another };
std::chrono::nanoseconds write_in_chunks(const std::filesystem::path& path, std::uint64_t count,
                                         std::size_t chunk_bytes, writing_thread writes);
std::chrono::nanoseconds write_each_record(const std::filesystem::path& path, std::uint64_t count,
                                           writing_thread writes);

/// Each thread writes its share of the records, in no order among the threads, with one write(2) for each.
std::chrono::nanoseconds write_each_record_on_threads(const std::filesystem::path& path, std::uint64_t count,
                                                      std::uint64_t threads);

}  // namespace loopscope::bench
