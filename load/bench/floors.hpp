#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace loopscope::bench {

/// The least that writing the same bytes can cost: plain loops over write(2), no library of ours but the record's text.
///
/// Both write a new file, whatever was there before, and return how long that took, from opening it until the last
/// write: like `timing_ms.completed`. Errors: system_error when one of them fails.
std::chrono::nanoseconds write_in_chunks(const std::filesystem::path& path, std::uint64_t count,
                                         std::size_t chunk_bytes);
std::chrono::nanoseconds write_each_record(const std::filesystem::path& path, std::uint64_t count);

}  // namespace loopscope::bench
