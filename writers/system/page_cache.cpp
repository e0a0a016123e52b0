// SPDX-License-Identifier: MIT

#include "page_cache.hpp"

#include <sys/syscall.h>
#include <unistd.h>

namespace loopscope::system {
namespace {

#ifdef SYS_cachestat
constexpr long cachestat_number = SYS_cachestat;
#else
constexpr long cachestat_number = 451;  // the same on every architecture; younger than Debian 12's headers
#endif

struct cachestat_range {
  std::uint64_t offset, length;
};

struct cachestat_answer {
  std::uint64_t cached, dirty, writeback, evicted, recently_evicted;  // pages
};

}  // namespace

std::optional<page_cache_figures> blocking_read_page_cache(int descriptor) {
  const cachestat_range whole_file{0, 0};
  cachestat_answer pages{};
  if (::syscall(cachestat_number, descriptor, &whole_file, &pages, 0U) != 0) return std::nullopt;
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return page_cache_figures{pages.cached * page_bytes, pages.dirty * page_bytes, pages.writeback * page_bytes};
}

}  // namespace loopscope::system
