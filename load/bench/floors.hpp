#pragma once

#include <cstdint>
#include <filesystem>

namespace loopscope::bench {

/// The least that writing the same bytes can cost: plain loops over write(2), no library of ours but the record's text.
///
/// Both create the file anew and throw system_error when that or a write fails.
void write_in_chunks(const std::filesystem::path& path, std::uint64_t count, std::size_t chunk_bytes);
void write_each_record(const std::filesystem::path& path, std::uint64_t count);

}  // namespace loopscope::bench
