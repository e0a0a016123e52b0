// SPDX-License-Identifier: MIT

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "writers/system/page_cache.hpp"

namespace loopscope::admin {

/// Pages of the whole machine that are not on a disk yet; nullopt if /proc/meminfo does not have the value.
struct machine_dirty_pages {
  std::optional<std::uint64_t> dirty_bytes;
  std::optional<std::uint64_t> writeback_bytes;
};

machine_dirty_pages parse_meminfo(std::string_view text);
machine_dirty_pages blocking_read_machine_dirty_pages();

/// Whether this service writes files of that name: METHOD.txt, or METHOD.txt.XXXXXX.part while a write runs.
bool is_output_name(std::string_view name);

/// The pages in the page cache of all outputs in `directory` together, including those of running writes; at most 64
/// files. nullopt if the directory cannot be read or the kernel does not report the pages.
///
/// Threads: any. Opens files, so it may wait for the disk. Source: cachestat(2).
std::optional<system::page_cache_figures> blocking_read_output_pages(const std::filesystem::path& directory);

}  // namespace loopscope::admin
