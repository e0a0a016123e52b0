// SPDX-License-Identifier: MIT

#pragma once

#include <cstdint>
#include <optional>

namespace loopscope::system {

/// Where one file's pages are: in memory, changed and not yet written back, being written back.
///
/// Units: bytes, whole pages.
struct page_cache_figures {
  std::uint64_t cached_bytes = 0;
  std::uint64_t dirty_bytes = 0;
  std::uint64_t writeback_bytes = 0;
};

/// Asks the kernel about the whole file; nothing where it cannot say (before Linux 6.5, or forbidden).
///
/// Threads: any; may block. Source: cachestat(2).
std::optional<page_cache_figures> blocking_read_page_cache(int descriptor);

}  // namespace loopscope::system
