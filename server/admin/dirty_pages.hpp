#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "writers/system/page_cache.hpp"

namespace loopscope::admin {

/// Pages of the whole machine that wait for the disk; absent where /proc/meminfo does not say.
struct machine_dirty_pages {
  std::optional<std::uint64_t> dirty_bytes;
  std::optional<std::uint64_t> writeback_bytes;
};

machine_dirty_pages parse_meminfo(std::string_view text);
machine_dirty_pages blocking_read_machine_dirty_pages();

/// Whether a write of this service makes a file of that name: METHOD.txt, or a METHOD.txt.XXXXXX.part under
/// way.
bool is_output_name(std::string_view name);

/// The pages of all outputs in `directory` together, those of running writes included; at most 64 files.
/// Absent when the directory cannot be read or the kernel does not tell.
///
/// Threads: any; opens files, so it may wait for the disk. Source: cachestat(2).
std::optional<system::page_cache_figures> blocking_read_output_pages(const std::filesystem::path& directory);

}  // namespace loopscope::admin
